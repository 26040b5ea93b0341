"""What the service did and does, in Prometheus' form.

Labels are bounded: no name that a client chooses is one. A service of several processes
has all of them write into one folder (`PROMETHEUS_MULTIPROC_DIR`), of which each answers the sum.
"""

from __future__ import annotations

import logging
from collections import Counter as Tallies
from collections.abc import Hashable
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client import multiprocess as several

import lineageql
from lineageql.api.account import Account
from lineageql.api.execution import Executor
from lineageql.errors import UsageError
from lineageql.store.ports import Store
from lineageql.store.tally import Tally
from lineageql.web.door import Door
from lineageql.web.gathering import several_processes

log = logging.getLogger("lineageql.web")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PATHS = frozenset({"/graphql", "/schema.graphql", "/healthz", "/readyz", "/metrics"})
"""The paths that are told apart; the pages and their files are `pages`, everything else is `other`."""
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_COSTS = (10.0, 100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0)


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._counter("http_requests", "Requests, by path, method and status.", "path method status")
        self._operations = self._counter("operations", "GraphQL operations, by kind and outcome.", "kind code")
        self._durations = Histogram(
            "lineageql_operation_duration_seconds",
            "How long operations took, the wait for their turn included.",
            ["kind"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._costs = Histogram(
            "lineageql_operation_cost",
            "What operations were charged, of --max-cost.",
            ["kind"],
            buckets=_COSTS,
            registry=self.registry,
        )
        self._running = self._gauge("operations_running", "Operations that run, of --max-concurrent.", "kind")
        self._waiting = self._gauge("operations_waiting", "Operations that wait for a turn, of --max-waiting.", "kind")
        self._reads = self._counter("store_reads", "Reads of the store.")
        self._statements = self._counter("store_statements", "SQL statements that read, or calls of MLMD's service.")
        self._calls = self._counter("recorder_calls", "Calls of MLMD that write, by method and outcome.", "method code")
        self._starts = self._counter("recorder_starts", "Starts of the ml-metadata process.")
        self._connections = self._gauge("connections", "Open connections, of --max-connections.", "state")
        self._unwritten = self._gauge("audit_log_unwritten", "Lines that the audit log lacks: it cannot be written to.")
        self._audited = self._counter("audit_log_failures", "Failures to write to the audit log.")
        build = self._gauge("build_info", "The release that runs.", "version", mode="max")
        build.labels(lineageql.__version__).set(1)
        if several_processes():
            self._answered = CollectorRegistry()
            several.MultiProcessCollector(self._answered)  # type: ignore[no-untyped-call]
        else:
            self._answered = self.registry
            ProcessCollector(registry=self.registry)
        self._server: Any = None
        self._seen: Tallies[Hashable] = Tallies()

    def _counter(self, name: str, help: str, labels: str = "") -> Counter:
        return Counter(f"lineageql_{name}", help, labels.split(), registry=self.registry)

    def _gauge(self, name: str, help: str, labels: str = "", mode: str = "livesum") -> Gauge:
        kind: Any = mode
        return Gauge(f"lineageql_{name}", help, labels.split(), registry=self.registry, multiprocess_mode=kind)

    def request(self, path: str, method: str, status: int) -> None:
        """Counts a request that was answered."""
        named = path.rstrip("/") or "/"
        if named not in PATHS:
            named = "pages" if named == "/" or named.startswith("/static") else "other"
        self._requests.labels(named, method if method in METHODS else "other", str(status)).inc()

    def operation(self, account: Account, code: str, seconds: float) -> None:
        """Counts an operation.

        Args:
            account: what became of it.
            code: that of its first error, or `OK`.
            seconds: how long it took.
        """
        self._operations.labels(account.kind, code).inc()
        self._durations.labels(account.kind).observe(seconds)
        if account.kind != "invalid":
            self._costs.labels(account.kind).observe(account.cost)
            self._reads.inc(account.reads)

    def audit(self, unwritten: int, failures: int) -> None:
        """How the audit log fares."""
        self._unwritten.set(unwritten)
        self._grow("audit", failures, self._audited)

    def refresh(self, store: Store, executor: Executor, door: Door | None) -> None:
        """Looks at what is counted elsewhere; to be called about once a second, and before the metrics are told."""
        for kind, admission in (("query", executor.queries), ("mutation", executor.mutations)):
            self._running.labels(kind).set(admission.running)
            self._waiting.labels(kind).set(admission.waiting)
        self._grow("statements", store.statements, self._statements)
        if store.recorder is not None:
            tally = store.recorder.tally
            self.starts(tally)
            for (method, code), count in list(tally.calls.items()):
                self._grow((method, code), count, self._calls.labels(method, code))
        if door is not None:
            waiting = door.waiting
            self._connections.labels("waiting").set(waiting)
            self._connections.labels("working").set(len(door.connections) - waiting)

    def starts(self, tally: Tally) -> None:
        """Looks at how often the ml-metadata process was started."""
        self._grow("starts", tally.starts, self._starts)

    def _grow(self, what: Hashable, count: int, counter: Counter) -> None:
        """Brings a counter to what was counted elsewhere."""
        if count > self._seen[what]:
            counter.inc(count - self._seen[what])
            self._seen[what] = count

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._answered)

    def listen(self, host: str, port: int) -> None:
        """Tells them on a port of their own, in a thread: nothing that the service is at keeps them waiting.

        Raises:
            UsageError: the port cannot be had.
        """
        try:
            self._server, _ = start_http_server(port, host, self._answered)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UsageError(f"cannot listen on {host} port {port} for metrics: {reason}") from error
        log.info("metrics are told at http://%s:%s/metrics", host, self._server.server_port)

    def close(self) -> None:
        """Ends what `listen` began."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
