"""What the benchmark's store holds: pipelines that run daily, as data, before any of it is rows.

A *project* runs its pipeline once a day for 25 days::

    raw ─ingest→ clean ─prepare→ features ─┬─train→ model + training metrics
                   │    the day before's model ─┤       │
                   └────────────────────────────┘       │
                                         features ──────┴─evaluate→ evaluation metrics

so 6 artifacts and 4 executions a run, and 7 nodes a day upstream of a model. Projects run side by side: what
belongs together lies far apart in the tables, as in a store that has grown. Beside them there are *ensembles*,
models made of as many projects' models as it takes for an upstream closure of a given size; one *chain* of
models that are each trained from the one before, which is as deep as a lineage gets; and a few uploads that no
execution wrote. Everything follows from the number of artifacts, with no chance in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DAYS = 25
RUN_ARTIFACTS = 6
DAY_NODES = 7
CLOSURES = (5_000, 20_000, 100_000)
LONGEST_CHAIN = 1_000
WORKSPACES = 20
TEAMS = ("fraud", "search", "pricing", "logistics")
STAGES = ("dev", "test", "canary", "prod")
EPOCH = 1_767_225_600_000  # 2026-01-01T00:00:00Z
_TOPICS = ("churn", "demand", "ranking", "risk", "basket", "routing", "returns", "stock")


@dataclass(frozen=True, slots=True)
class Run:
    """A run, which is a context of its own; `time` is in milliseconds since 1970."""

    workspace: int
    name: str
    time: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact. `type` is the last part of its type's name, `facts` are the type's own properties."""

    id: int
    type: str
    name: str
    version: str
    uri: str
    description: str
    labels: Mapping[str, str]
    facts: Mapping[str, str]
    document: Mapping[str, object]
    custom: Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution, complete."""

    id: int
    name: str
    description: str
    labels: Mapping[str, str]
    custom: Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Event:
    """An execution read an artifact at a port, or wrote it."""

    artifact: int
    execution: int
    output: bool
    port: str


@dataclass(slots=True)
class Record:
    """What is recorded together: a run and all in it; uploads have a workspace only."""

    workspace: int
    run: Run | None
    time: int
    team: str
    artifacts: list[Artifact] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def keep(self, artifact: Artifact) -> int:
        """Adds an artifact and answers its id."""
        self.artifacts.append(artifact)
        return artifact.id


@dataclass(frozen=True, slots=True)
class Root:
    """An artifact whose upstream closure has a known size, itself included."""

    artifact: int
    nodes: int
    hops: int


def workspace_name(place: int) -> str:
    return f"{TEAMS[place % len(TEAMS)]}-{place:02d}"


class Pipelines:
    """All records of a store of `size` artifacts; `closures` and `chain` are there when they have been told."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.chain_length = min(LONGEST_CHAIN, size // 100)
        self.projects = (size - self.chain_length - 2 * len(CLOSURES)) // (DAYS * RUN_ARTIFACTS)
        if self.projects < 1:
            raise ValueError(f"a store of {size} artifacts is too small for one project")
        self.closures: list[Root] = []
        self.chain: Root | None = None
        self._models: list[list[int]] = [[] for _ in range(self.projects)]
        self._artifacts = 0
        self._executions = 0
        self._time = EPOCH

    def records(self) -> Iterator[Record]:
        """Everything, in the order of time."""
        for day in range(DAYS):
            for project in range(self.projects):
                yield self._daily(project, day)
        previous: int | None = None
        for step in range(self.chain_length):
            record, previous = self._link(step, previous)
            yield record
        for nodes in CLOSURES:
            if not self.closures or self.closures[-1].nodes < min(nodes, self._largest()):
                yield self._ensemble(min(nodes, self._largest()))
        while self._artifacts < self.size:
            yield self._upload()

    def _largest(self) -> int:
        return self.projects * DAYS * DAY_NODES + 2

    def _open(self, workspace: int, name: str | None) -> Record:
        self._time += 1_000
        run = None if name is None else Run(workspace, name, self._time)
        return Record(workspace, run, self._time, TEAMS[workspace % len(TEAMS)])

    def _daily(self, project: int, day: int) -> Record:
        name = f"{_TOPICS[project % len(_TOPICS)]}-{project:05d}"
        record = self._open(project % WORKSPACES, f"{name}-{day + 1:03d}")
        labels = {"team": record.team, "stage": STAGES[(project // WORKSPACES + 7 * day) % len(STAGES)]}
        version = f"2026-01-{day + 1:02d}"
        lake = f"s3://lake/{workspace_name(record.workspace)}/{name}/{version}"

        def data(part: str, rows: int) -> int:
            facts = {"query": f"SELECT * FROM {name.replace('-', '_')}.{part} WHERE day = '{version}'"}
            return record.keep(
                Artifact(
                    id=self._next(),
                    type="data_set",
                    name=f"{name}-{part}",
                    version=version,
                    uri=f"{lake}/{part}.parquet",
                    description=f"The {part} data of {name} on {version}.",
                    labels=labels,
                    facts=facts,
                    document=facts,
                    custom={"rows": rows},
                )
            )

        raw = data("raw", 1_000_000 + 97 * project)
        ingest = self._execution(record, "ingest", labels, {"image": f"registry.example/ingest:{day + 1}"})
        clean = data("clean", 990_000 + 97 * project)
        prepare = self._execution(record, "prepare", labels, {"image": f"registry.example/prepare:{day + 1}"})
        features = data("features", 980_000 + 97 * project)
        train = self._execution(record, "train", labels, {"epochs": 5 + day, "learning_rate": (1 + day) / 1_000})
        if (project * DAYS + day) % 100 == 0:
            labels = {**labels, "release": "candidate"}
        model = self._model(record, name, f"v{day + 1}", f"{lake}/model", labels)
        training = self._metrics(record, "training", f"{name}-training", lake, labels, model, features)
        evaluate = self._execution(record, "evaluate", labels, {"threshold": 0.5})
        evaluation = self._metrics(record, "validation", f"{name}-evaluation", lake, labels, model, features)
        record.events += [
            Event(raw, ingest, False, "source"),
            Event(clean, ingest, True, "data_set"),
            Event(clean, prepare, False, "data_set"),
            Event(features, prepare, True, "features"),
            Event(features, train, False, "features"),
            Event(clean, train, False, "reference"),
            Event(model, train, True, "model"),
            Event(training, train, True, "metrics"),
            Event(model, evaluate, False, "model"),
            Event(features, evaluate, False, "features"),
            Event(evaluation, evaluate, True, "metrics"),
        ]
        if day:
            record.events.append(Event(self._models[project][-1], train, False, "previous"))
        self._models[project].append(model)
        return record

    def _link(self, step: int, previous: int | None) -> tuple[Record, int]:
        record = self._open(1 % WORKSPACES, f"continual-{step:04d}")
        labels = {"team": record.team, "stage": STAGES[step % len(STAGES)]}
        train = self._execution(record, "train", labels, {"epochs": 1})
        model = self._model(record, "continual", f"v{step + 1}", f"s3://lake/continual/{step}", labels)
        record.events.append(Event(model, train, True, "model"))
        if previous is not None:
            record.events.append(Event(previous, train, False, "previous"))
        self.chain = Root(model, 2 * (step + 1), 2 * step + 1)
        return record, model

    def _ensemble(self, nodes: int) -> Record:
        record = self._open(0, f"ensemble-{nodes}")
        labels = {"team": record.team, "stage": "prod"}
        whole, rest = divmod(nodes - 2, DAYS * DAY_NODES)
        members = [self._models[project][-1] for project in range(whole)]
        days = rest // DAY_NODES
        if days and whole < self.projects:
            members.append(self._models[whole][days - 1])
        else:
            days = 0
        merge = self._execution(record, "merge", labels, {"members": len(members)})
        lake = f"s3://lake/ensemble/{nodes}"
        model = self._model(record, "ensemble", f"of-{len(members)}", f"{lake}/model", labels)
        metrics = self._metrics(record, "validation", "ensemble-evaluation", lake, labels, model, None)
        record.events += [Event(member, merge, False, "member") for member in members]
        record.events += [Event(model, merge, True, "model"), Event(metrics, merge, True, "metrics")]
        # The longest way: model, merge, two steps a day, and four from the first day's model back to its raw data.
        hops = 2 + 2 * (DAYS - 1 if whole else days - 1) + 4
        self.closures.append(Root(model, 2 + DAY_NODES * (whole * DAYS + days), hops))
        return record

    def _upload(self) -> Record:
        record = self._open(self._artifacts % WORKSPACES, None)
        facts = {"query": "none"}
        id_ = self._next()
        uri = f"s3://uploads/{id_}"
        record.keep(Artifact(id_, "data_set", f"upload-{id_}", "1", uri, "Uploaded by hand.", {}, facts, facts, {}))
        return record

    def _model(self, record: Record, name: str, version: str, uri: str, labels: Mapping[str, str]) -> int:
        id_, facts = self._next(), {"model_type": "neural network"}
        document = {
            **facts,
            "training_framework": {"name": "tensorflow", "version": "v2.15"},
            "hyperparameters": {"learning_rate": 0.5, "layers": [10, 3, 1], "rounds": 40},
        }
        accuracy = (900_000 + 37 * id_ % 99_991) / 1_000_000
        custom = {"accuracy": accuracy, "size_bytes": 4_096 * (1 + len(name))}
        description = f"The model {name} {version}, trained by the daily pipeline."
        return record.keep(Artifact(id_, "model", name, version, uri, description, labels, facts, document, custom))

    def _metrics(
        self,
        record: Record,
        kind: str,
        name: str,
        lake: str,
        labels: Mapping[str, str],
        model: int,
        data_set: int | None,
    ) -> int:
        id_, facts = self._next(), {"metrics_type": kind, "model_id": str(model)}
        if data_set is not None:
            facts["data_set_id"] = str(data_set)
        loss = (37 * id_ % 9_973) / 10_000
        document = {"data_set_id": None, **facts, "values": {"accuracy": 0.95, "loss": loss, "auc": 0.875}}
        description = f"The {kind} metrics of {name}."
        uri, custom = f"{lake}/{kind}.json", {"loss": loss}
        return record.keep(Artifact(id_, "metrics", name, "1", uri, description, labels, facts, document, custom))

    def _next(self) -> int:
        self._artifacts += 1
        return self._artifacts

    def _execution(
        self, record: Record, name: str, labels: Mapping[str, str], custom: Mapping[str, int | float | str]
    ) -> int:
        self._executions += 1
        description = f"The step {name} of the daily pipeline."
        record.executions.append(Execution(self._executions, name, description, labels, custom))
        return self._executions
