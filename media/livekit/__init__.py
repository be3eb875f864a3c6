"""A stream in a LiveKit room; the only room that uses ``livekit.rtc``."""
