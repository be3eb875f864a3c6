"""How often an encoder makes a keyframe."""


class KeyframeGate:
    """Lets through at most two keyframes a second; a request that comes too early is kept, not lost.

    All times in seconds of one steady clock.
    """

    PER_SECOND = 2

    def __init__(self) -> None:
        self._sent: list[float] = []
        self._wanted = False

    def request(self) -> None:
        self._wanted = True

    def allowed_at(self) -> float | None:
        """Returns when the keyframe that was asked for may be made, or None when nobody asks."""
        if not self._wanted:
            return None
        return float("-inf") if len(self._sent) < self.PER_SECOND else self._sent[0] + 1.0

    def on_sent(self, now: float) -> None:
        """Records that a keyframe went out; it answers every request made up to now."""
        self._wanted = False
        self._sent = [*self._sent, now][-self.PER_SECOND :]
