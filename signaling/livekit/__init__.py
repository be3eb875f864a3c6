"""Runs in LiveKit rooms.

``rooms`` opens a ``room`` for each run, in which each ``participant`` is a connection; ``room_tokens`` mints the tokens
to join; ``service`` calls the LiveKit server's API.
"""
