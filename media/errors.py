"""What can go wrong with pictures."""


class MediaError(Exception):
    """Base of every error that `media` raises."""


class DecodeError(MediaError, ValueError):
    """The bytes are not a JPEG picture that can be decoded."""


class EncodeError(MediaError):
    """The encoder refused the picture or could not be opened; the message says why."""


class StreamClosed(MediaError):
    """The stream, or this subscription to it, has been closed."""


class RoomLost(MediaError):
    """The LiveKit room cannot be joined, or was lost; the message says why."""
