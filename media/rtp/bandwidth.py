"""What the path to one viewer takes, estimated from what its receiver reports. No I/O and no clock of its own."""

from collections import deque

LOSS = 0.12
"""Smoothed share of lost packets from which loss counts as congestion; a radio link loses some without any."""
LOSS_WEIGHT = 0.4
"""Of the latest report: a report covers a second or so, at low rates some 25 packets, and so says little alone."""
QUIET = 100_000
"""Bits per second below which neither loss nor round trip can be our own doing."""
QUEUE_SECONDS = 0.1
"""Rise of the round trip that may be a queue of ours; the next measurement has to show that it grows."""
STEADY = 1.25
"""Factor within which a rise stays the same: then the way is longer, as when a route changes."""
LONG_QUEUE_SECONDS = 0.4
"""Rise of the round trip that needs no second measurement."""
BASE_SECONDS = 30.0
"""The lowest round trip of so many seconds is that of the empty path."""
MARGIN = 0.85
"""Share of what got through that is sent next, so that the queue empties."""
REACTION_SECONDS = 1.0
"""After a cut, reports are still about what was sent before it."""
HOLD_SECONDS = 3.0
"""Between a cut and the next growth."""
LONG_HOLD_SECONDS = 6.0
"""The same when the growth after the cut before has failed soon. With `GROWTH` it lets a path that has become good
again go from a tenth of the bit rate to all of it in 12 s."""
SOON_SECONDS = 20.0
GROWTH = 1.5
"""Factor per second: from a tenth to all in under six seconds."""
PROVED, STEP = 1.5, 100_000
"""Factor, and bits per second on top of it, to which a limit may grow above what is aimed at: what has not been tried
is not known. The step is for low rates, where the factor alone takes too long."""
PACE, FREE_PACE = 1.5, 20.0
"""Large frames leave so many times faster than the path takes, or than the ceiling where nothing limits the path: a
keyframe must not wait longer than it must, nor fill the queue on its way."""
STRIDE_SECONDS = 2.0
"""The longest silence between two reports that growth makes up for."""
LEAST = 50_000
"""Bits per second."""
CAP_SECONDS = 10.0
"""A cap that has not been repeated for this long no longer counts."""


class BandwidthEstimator:
    """Estimates a limit from three signs of congestion: a falling estimate (REMB), loss, and a growing round trip.

    While none has been seen there is no limit. Each sign cuts it to less than what got through; without signs it
    holds, then grows until it means nothing any more. Jitter is no sign: all packets of a frame carry one timestamp,
    so that every large keyframe raises it (RFC 3550 §6.4.1).

    All times in seconds of one steady clock, all rates in bits per second.
    """

    def __init__(self, ceiling: int) -> None:
        """
        Args:
            ceiling: the most that is ever sent.
        """
        self._ceiling = ceiling
        self._limit: float | None = None
        self._estimate: int | None = None
        self._cap: tuple[int, float] | None = None
        self._lost = 0.0
        self._trips: deque[tuple[float, float]] = deque()
        self._waited = 0.0
        self._cuts_for_queue = 0
        self._cut_at = float("-inf")
        self._hold = HOLD_SECONDS
        self._grown_at = 0.0

    @property
    def limit(self) -> float | None:
        """What the path takes, or None while nothing shows that it is limited."""
        return self._limit

    def limit_at(self, now: float) -> float:
        """Returns the most to send: what the path takes, the cap where there is one, and never above the ceiling."""
        limit = float(self._ceiling) if self._limit is None else min(self._ceiling, self._limit)
        if self._cap is not None and now - self._cap[1] < CAP_SECONDS:
            limit = min(limit, self._cap[0])
        return limit

    def set_cap(self, bitrate: int, now: float) -> None:
        """Sets a limit that somebody else has found, such as a LiveKit server; it holds for ten seconds."""
        self._cap = bitrate, now

    @property
    def pace(self) -> float:
        """How fast a large frame may leave, in bits per second."""
        return self._ceiling * FREE_PACE if self._limit is None else self._limit * PACE

    def on_receiver_report(self, *, lost: float, round_trip: float | None, sent: int, target: int, now: float) -> None:
        """Takes a receiver report into account (RFC 3550 §6.4.2).

        Args:
            lost: share of the packets lost since the report before, 0 to 1.
            round_trip: seconds, as just measured; None when this report has none.
            sent: what has been sent lately.
            target: what the encoder aims at.
        """
        busy = sent >= QUIET
        meaningful = busy and now - self._cut_at >= REACTION_SECONDS
        self._lost += LOSS_WEIGHT * (lost * meaningful - self._lost)
        queue = self._queue(round_trip, now) if round_trip is not None else 0.0
        if self._lost > LOSS:
            self._cut(sent * (1 - max(lost, self._lost)) * MARGIN, now)
        elif busy and queue:
            self._cut_for_queue(queue, sent, now)
        elif not self._waited:
            self._cuts_for_queue = 0
            self._grow(target, now)

    def on_remb(self, estimate: int, *, sent: int, target: int, now: float) -> None:
        """Takes a receiver's estimate into account (REMB, draft-alvestrand-rmcat-remb-03).

        A receiver measures what arrives: on a still page Chromium's first estimate is some 30 kbit/s, and from there
        it only rises, by 8 % a second. Such an estimate says nothing about the path. One that falls while more than
        half of the target is being sent does.

        Args:
            estimate: the receiver's.
            sent: what has been sent lately.
            target: what the encoder aims at.
        """
        before, self._estimate = self._estimate, estimate
        falling = estimate < (sent * 0.9 if before is None else before * 0.97)
        if falling and sent >= target / 2:
            self._cut(estimate, now, again=True)

    def _queue(self, round_trip: float, now: float) -> float:
        """Seconds that packets seem to wait on the way, once that is beyond doubt; else 0."""
        self._trips.append((now, round_trip))
        while self._trips[0][0] < now - BASE_SECONDS:
            self._trips.popleft()
        queue = round_trip - min(trip for _, trip in self._trips)
        before, self._waited = self._waited, queue if queue > QUEUE_SECONDS else 0.0
        if queue > LONG_QUEUE_SECONDS or (before and queue > before * STEADY):
            return queue
        if before and queue > before / STEADY:
            self._rebase()
        return 0.0

    def _rebase(self) -> None:
        """Takes what looked like a queue for the path itself, which is longer now."""
        self._trips = deque([self._trips[-1]])
        self._waited, self._cuts_for_queue = 0.0, 0

    def _cut_for_queue(self, queue: float, sent: int, now: float) -> None:
        """Cuts twice at most: a queue that stays although less is sent is none of ours, but a longer path."""
        if now - self._cut_at < REACTION_SECONDS:
            return
        if self._cuts_for_queue == 2:
            self._rebase()
            return
        self._cuts_for_queue += 1
        limit = sent if self._limit is None else min(self._limit, sent)
        self._cut(limit * (0.6 if queue > LONG_QUEUE_SECONDS else 0.8), now)

    def _cut(self, limit: float, now: float, *, again: bool = False) -> None:
        since = now - self._cut_at
        if since < REACTION_SECONDS and not again:
            return
        if since > REACTION_SECONDS:
            grown = self._grown_at > self._cut_at
            self._hold = LONG_HOLD_SECONDS if grown and since < SOON_SECONDS else HOLD_SECONDS
        self._limit = max(LEAST, min(limit, self._limit or self._ceiling))
        self._lost, self._cut_at = 0.0, now

    def _grow(self, target: int, now: float) -> None:
        if self._limit is None or now - self._cut_at < self._hold:
            return
        since = max(self._grown_at, self._cut_at + self._hold, now - STRIDE_SECONDS)
        grown = min(self._limit * GROWTH ** (now - since), target * PROVED + STEP)
        self._limit = max(self._limit, grown)
        self._grown_at = now
        if self._limit > self._ceiling * 1.2:
            self._limit = None
