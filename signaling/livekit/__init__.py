"""Runs in LiveKit rooms.

``rooms`` keeps them, ``room`` is one run's, ``service`` asks the LiveKit server, ``tokens`` let people in.
"""
