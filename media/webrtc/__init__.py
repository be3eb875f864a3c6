"""One peer's video over WebRTC; the only room that knows the internals of aiortc and aioice."""
