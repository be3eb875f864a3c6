"""The curtain: while it is closed one viewer sees the pictures, and everybody else a still one."""

from media.frames import JpegFrame, LatestFrame


class CurtainedFrames:
    """Takes captured pictures and puts them where they may be seen. Implements `media.frames.FrameSink`.

    What everybody may see is in ``front``; while the curtain is closed, what happens is only ``behind`` it. Whoever
    reads ``front`` gets nothing else, whatever they were waiting for when it was closed.
    """

    def __init__(self, front: LatestFrame) -> None:
        self.front = front
        """What everybody may see."""
        self.behind = LatestFrame()
        """What the one viewer sees while it is closed."""
        self.viewer: str | None = None
        """Who sees what is behind it; None while it is open."""
        self.still: JpegFrame | None = None
        """What all others see; None while it is open."""
        self._opened_at = 0.0

    @property
    def fps(self) -> float | None:
        return self.front.fps

    @property
    def live(self) -> LatestFrame:
        """Where captured pictures go."""
        return self.front if self.viewer is None else self.behind

    def put(self, data: bytes, *, width: int, height: int, captured_at: float) -> None:
        if captured_at >= self._opened_at:
            self.live.put(data, width=width, height=height, captured_at=captured_at)

    def frames_for(self, viewer: str) -> LatestFrame:
        """Returns where this viewer's pictures are; to be asked again for each."""
        return self.behind if viewer == self.viewer else self.front

    def close(self, viewer: str, still: bytes, *, width: int, height: int, now: float) -> None:
        """Closes it for everybody but this viewer.

        Args:
            viewer: who goes on seeing the pictures.
            still: a JPEG file that all others see.
            width: viewport width in CSS pixels.
            height: viewport height in CSS pixels.
            now: seconds of `time.time()`.
        """
        newest = self.live.newest
        self.behind.skip_to(self.front)
        if newest is not None and self.viewer is None:
            self.behind.put(newest.data, width=newest.width, height=newest.height, captured_at=newest.captured_at)
        self.viewer = viewer
        self.still = self.front.put(still, width=width, height=height, captured_at=now)

    def open(self, *, now: float) -> None:
        """Lets everybody see again what is captured from ``now`` on. Safe to repeat."""
        if self.viewer is not None:
            self.viewer = self.still = None
            self._opened_at = now
            self.front.skip_to(self.behind)
            self.behind.clear()

    def clear(self) -> None:
        """Forgets all pictures: the page is gone."""
        self.front.clear()
        self.behind.clear()
