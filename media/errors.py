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


class SdpRejected(MediaError):
    """What a peer has sent cannot be used; the message is a sentence for whoever sent it."""


class OfferRejected(SdpRejected):
    """An offer is not SDP, asks for what there is not, or cannot be answered."""


class CandidateRejected(SdpRejected):
    """A trickled fragment cannot be read, or a candidate in it cannot be used."""


class NoPortLeft(MediaError):
    """No UDP port is free for another peer."""


class ChannelClosed(MediaError):
    """The data channel has been closed."""
