"""How viewers get the picture without LiveKit.

``whep`` signals over HTTP for one ``viewer``, who has a peer connection of ``media.webrtc``; ``ice_servers`` words STUN
and TURN servers and makes TURN credentials; ``frame_server`` serves JPEG and MJPEG, and ``thumbnails`` caches small
pictures; ``availability`` says whether a run has a picture; ``stream_addresses`` words every address that viewers get.
"""
