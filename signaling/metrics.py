"""The Prometheus metrics of the server, in a registry of its own.

``Metrics`` counts what signaling does; ``RunMetrics`` reads runs and their streams whenever Prometheus asks.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector
from prometheus_client import Counter as CounterMetric
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from control.event_log import Entry
from control.protocol.events import RunFinished, StreamAvailable
from control.protocol.models import RunStatus
from media.stats import StreamStats
from signaling.ports import RunHandle

_LABELS = ("codec", "rendition")
_Labels = tuple[str, ...]


class Metrics:
    """Holds the metrics of signaling; others may register theirs with ``registry``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.connections = Gauge(
            "jumpseat_connections", "Open connections of viewers", ["transport"], registry=self.registry
        )
        self.commands = CounterMetric(
            "jumpseat_commands", "Control messages, by what became of them", ["type", "outcome"], registry=self.registry
        )
        self.command_seconds = Histogram(
            "jumpseat_command_seconds",
            "From a control message to its answer",
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5),
        )
        self.connections_cut = CounterMetric(
            "jumpseat_connections_cut", "Connections that the server ended", ["reason"], registry=self.registry
        )
        self.http_connections = Gauge(
            "jumpseat_http_connections", "Open HTTP connections, WebSockets among them", registry=self.registry
        )
        self.accept_errors = CounterMetric(
            "jumpseat_accept_errors",
            "Connections that the system could not give to the server",
            ["error"],
            registry=self.registry,
        )
        self.refused = CounterMetric(
            "jumpseat_requests_refused", "HTTP requests that were refused", ["status", "code"], registry=self.registry
        )
        self.frames = CounterMetric(
            "jumpseat_frames_served", "JPEG frames sent by the frame server", ["kind"], registry=self.registry
        )
        self.moves_dropped = CounterMetric(
            "jumpseat_moves_dropped", "Pointer moves replaced by newer ones or not allowed", registry=self.registry
        )
        self.tasks = Gauge("jumpseat_tasks", "Tasks of the event loop that have not ended", registry=self.registry)
        self.tasks.set_function(lambda: len(asyncio.all_tasks()))
        ProcessCollector(registry=self.registry)
        self.runs = RunMetrics()
        self.registry.register(self.runs)


class _Totals:
    """Sums over streams, of live ones and of those that are gone."""

    def __init__(self) -> None:
        self.decoded = 0
        self.decode_seconds = 0.0
        self.dropped: Counter[str] = Counter()
        self.frames: Counter[_Labels] = Counter()
        self.keyframes: Counter[_Labels] = Counter()
        self.encode_seconds: dict[_Labels, float] = {}
        self.age_seconds: dict[_Labels, float] = {}

    def add(self, stats: StreamStats) -> None:
        self.decoded += stats.decoded
        self.decode_seconds += stats.decode_seconds
        self.dropped["replaced"] += stats.dropped
        self.dropped["undecodable"] += stats.undecodable
        self.dropped["slow_viewer"] += stats.viewer_dropped
        for key, encoding in stats.renditions.items():
            labels = (key.codec.value, key.rendition.value)
            self.dropped["over_bitrate"] += encoding.skipped
            self.dropped["failed"] += encoding.failed
            self.frames[labels] += encoding.encoded
            self.keyframes[labels] += encoding.keyframes
            self.encode_seconds[labels] = self.encode_seconds.get(labels, 0.0) + encoding.encode_seconds
            self.age_seconds[labels] = self.age_seconds.get(labels, 0.0) + encoding.age_seconds

    def families(self) -> Iterator[Metric]:
        yield SummaryMetricFamily(
            "jumpseat_decode_seconds",
            "Decoding a captured picture",
            count_value=self.decoded,
            sum_value=self.decode_seconds,
        )
        yield self._per_encoding("jumpseat_encode_seconds", "Encoding a frame", self.encode_seconds)
        yield self._per_encoding(
            "jumpseat_frame_age_seconds", "Age of frames when they go to viewers", self.age_seconds
        )
        keyframes = CounterMetricFamily("jumpseat_keyframes", "Keyframes encoded", labels=_LABELS)
        for labels, count in self.keyframes.items():
            keyframes.add_metric(labels, count)
        yield keyframes
        dropped = CounterMetricFamily("jumpseat_frames_dropped", "Pictures that viewers missed", labels=["cause"])
        for cause, count in self.dropped.items():
            dropped.add_metric([cause], count)
        yield dropped

    def _per_encoding(self, name: str, documentation: str, sums: dict[_Labels, float]) -> Metric:
        family = SummaryMetricFamily(name, documentation, labels=_LABELS)
        for labels, seconds in sums.items():
            family.add_metric(labels, count_value=self.frames[labels], sum_value=seconds)
        return family


class RunMetrics(Collector):
    """Runs by status, who watches which rendition, and what encoding costs and drops."""

    def __init__(self) -> None:
        self._runs: dict[str, RunHandle] = {}
        self._streams: dict[str, StreamStats] = {}
        self._past = _Totals()
        self._finished: Counter[RunStatus] = Counter()

    def follow(self, run: RunHandle) -> None:
        """Counts a run that is active, and its stream, from now on; its figures stay when it has ended."""
        self._runs[run.id] = run

        def find_stream() -> None:
            if run.stream is not None:
                self._streams[run.id] = run.stream.stats

        def on_event(entry: Entry) -> None:
            if isinstance(entry.body, StreamAvailable):
                find_stream()
            elif isinstance(entry.body, RunFinished):
                self._end(run.id, entry.body)
                stop()

        stop = run.log.listen(on_event)
        find_stream()

    def collect(self) -> Iterator[Metric]:
        runs = GaugeMetricFamily("jumpseat_runs", "Runs that have not ended", labels=["status"])
        now = Counter(run.view().status for run in self._runs.values())
        for status in (status for status in RunStatus if not status.final):
            runs.add_metric([status.value], now[status])
        yield runs
        finished = CounterMetricFamily("jumpseat_runs_finished", "Runs that have ended", labels=["status"])
        for status in (status for status in RunStatus if status.final):
            finished.add_metric([status.value], self._finished[status])
        yield finished
        yield self._viewers()
        yield from self._totals().families()

    def _viewers(self) -> Metric:
        viewers: Counter[_Labels] = Counter()
        for stats in self._streams.values():
            for key, encoding in stats.renditions.items():
                viewers[key.codec.value, key.rendition.value] += encoding.viewers
        family = GaugeMetricFamily("jumpseat_stream_viewers", "Who gets which rendition right now", labels=_LABELS)
        for labels, count in viewers.items():
            family.add_metric(labels, count)
        return family

    def _totals(self) -> _Totals:
        totals = deepcopy(self._past)
        for stats in self._streams.values():
            totals.add(stats)
        return totals

    def _end(self, run_id: str, body: RunFinished) -> None:
        del self._runs[run_id]
        self._finished[body.status] += 1
        if (stats := self._streams.pop(run_id, None)) is not None:
            self._past.add(stats)
