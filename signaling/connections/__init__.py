"""Open connections of viewers, whatever their transport.

``registry`` keeps every ``connection`` and closes it when its token expires or is revoked; ``dispatcher`` carries
commands out; ``conversation`` takes one connection's control messages, and ``feed`` queues its events and replies;
``websocket`` serves both at ``/ws/test-control``.
"""
