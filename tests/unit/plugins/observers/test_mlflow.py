"""What is written into MLflow: told to a stand-in that takes what the client takes, and to the library where it is
installed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import UsageError
from maieutic.core.events import Event
from maieutic.core.models import ModelRef
from maieutic.core.recipe import PluginRef
from maieutic.core.task import Models, Task
from maieutic.graphs.api import Result, optimize
from maieutic.plugins.observers.mlflow import MlflowObserver, event_metrics
from maieutic.plugins.system.registry import Registry
from maieutic.testing import ObserverConformance, ScriptedModel, StubServer

SECRET_ROW = "the walrus was unimpressed"


class Metric(NamedTuple):
    key: str
    value: float
    timestamp: int
    step: int


class Pair(NamedTuple):
    key: str
    value: str


@dataclass
class Written:
    """One run as the stand-in keeps it."""

    id: str
    tags: dict[str, str]
    status: str = "RUNNING"
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    batches: int = 0


class Backend:
    """A stand-in for the server and its client."""

    def __init__(self) -> None:
        self.runs: dict[str, Written] = {}
        self.experiments: dict[str, str] = {}

    def __call__(self, tracking_uri: str | None = None) -> Backend:
        return self

    def get_experiment_by_name(self, name: str) -> Any:
        return SimpleNamespace(experiment_id=self.experiments[name]) if name in self.experiments else None

    def create_experiment(self, name: str) -> str:
        return self.experiments.setdefault(name, str(len(self.experiments)))

    def search_runs(self, places: list[str], filter_string: str) -> list[Any]:
        key, value = filter_string.removeprefix("tags.").split(" = ")
        kept = [one for one in self.runs.values() if one.tags.get(key.strip("`")) == value.strip("'")]
        return [SimpleNamespace(info=SimpleNamespace(run_id=r.id), data=SimpleNamespace(tags=r.tags)) for r in kept]

    def create_run(self, place: str, run_name: str, tags: Mapping[str, str]) -> Any:
        made = Written(id=f"{place}/{run_name}", tags=dict(tags))
        self.runs[made.id] = made
        return SimpleNamespace(info=SimpleNamespace(run_id=made.id))

    def log_batch(self, run: str, metrics: list[Metric], params: list[Pair], tags: list[Pair]) -> None:
        at = self.runs[run]
        at.batches += 1
        for one in metrics:
            at.metrics.setdefault(one.key, []).append((one.step, one.value))
        for param in params:
            assert at.params.setdefault(param.key, param.value) == param.value, "MLflow keeps a parameter's first value"
        at.tags.update(dict(tags))

    def log_metric(self, run: str, key: str, value: float, step: int) -> None:
        self.runs[run].metrics.setdefault(key, []).append((step, value))

    def log_text(self, run: str, text: str, name: str) -> None:
        self.runs[run].files[name] = text

    def set_tag(self, run: str, key: str, value: str) -> None:
        self.runs[run].tags[key] = value

    def update_run(self, run: str, status: str) -> None:
        self.runs[run].status = status

    set_terminated = update_run


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    made, module = Backend(), ModuleType("mlflow")
    module.MlflowClient = made  # type: ignore[attr-defined]
    module.entities = SimpleNamespace(Metric=Metric, Param=Pair, RunTag=Pair)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.delenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    return made


class TestMlflow(ObserverConformance):
    @pytest.fixture(autouse=True)
    def _stand_in(self, backend: Backend) -> None:
        """No library, no server."""

    def make(self) -> MlflowObserver:
        return MlflowObserver()


def a_run(folder: Path, *, observers: Any = ("mlflow",), run: str = "r") -> Result:
    """A short run over a stub that is right where a prompt names the colours."""

    def say(messages: Any) -> str:
        text = messages[0]["content"]
        if "<" in text:
            return "<reason>It names no colour.</reason><prompt>Name the colour: red or blue.</prompt>"
        return "red" if "Name" in text else "I cannot say"

    rows = [{"input": f"{SECRET_ROW} {n}", "output": "red"} for n in range(30)]
    with StubServer(ScriptedModel(say)) as stub:
        model = ModelRef.parse(f"openai/stub@{stub.base}")
        task = Task.create(
            "What is it?",
            train=rows[:8],
            val=rows[8:16],
            test=rows[16:],
            name="colours",
            models=Models(target=model, optimizer=model),
        )
        budget = Budget(calls=120)
        return optimize(task, recipe="protegi", budget=budget, folder=folder, run=run, observers=observers)


def test_parameters_curves_gain_and_files(backend: Backend, tmp_path: Path) -> None:
    done = a_run(tmp_path)
    (at,) = backend.runs.values()
    assert list(backend.experiments) == ["maieutic"]
    assert at.status == "FINISHED"
    assert (at.params["task"], at.params["recipe"], at.params["budget.calls"]) == ("colours", "protegi", "120")
    assert at.params["target"] == at.params["optimizer"] == "openai/stub"
    calls = at.metrics["calls"]
    assert calls == sorted(calls)
    assert all(step == value for step, value in calls)
    assert done.report is not None
    assert calls[-1][1] == done.report.calls.target + done.report.calls.optimizer
    assert at.metrics["tokens"][-1][1] == done.report.tokens
    found = done.report.difference
    for name, value in (("gain", found.value), ("gain_low", found.low), ("gain_high", found.high), ("p", found.p)):
        assert at.metrics[name][-1][1] == pytest.approx(value)
    assert at.metrics["best"]
    assert at.tags["maieutic.verdict"] == done.report.verdict
    assert set(at.files) == {"lineage.json", "report.json"}
    lines = json.loads(at.files["lineage.json"])["candidates"]
    assert done.candidate in {line["id"] for line in lines}
    assert any(line["parents"] for line in lines)


def test_no_word_of_prompts_rows_or_answers_unless_asked(backend: Backend, tmp_path: Path) -> None:
    a_run(tmp_path)
    sent = json.dumps([vars(one) for one in backend.runs.values()])
    for word in ("What is it?", "Name the colour", "walrus", "cannot say"):
        assert word not in sent


@pytest.mark.parametrize("by", ["option", "environment"])
def test_prompts_and_report_where_asked(
    backend: Backend, tmp_path: Path, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "environment":
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    options = {"content": True} if by == "option" else {}
    done = a_run(tmp_path, observers=[PluginRef(use="mlflow", options={"experiment": "mine", **options})])
    (at,) = backend.runs.values()
    assert list(backend.experiments) == ["mine"]
    assert done.report is not None
    assert at.files["prompt_start.txt"] == done.report.prompt.start
    assert at.files["prompt_best.txt"] == done.report.prompt.best
    assert at.files["report.md"].startswith("# colours: ")
    assert "Name the colour" in at.files["lineage.json"]


async def test_a_run_that_is_taken_up_goes_on_where_its_curves_ended(backend: Backend) -> None:
    told = [
        Event(run="it's r", kind="batch_finished", key=f"{n}", number=n, data={"ledger": {"target_calls": 10 * n}})
        for n in range(1, 6)
    ]
    first = MlflowObserver()
    for event in told[:3]:
        await first.hear(event)
    backend.runs["0/it's r"].tags["maieutic.run"] = '"it\'s r"'  # the stand-in reads no quotes
    second = MlflowObserver()
    for event in told:
        await second.hear(event)
    (at,) = backend.runs.values()
    assert at.metrics["calls"] == [(10 * n, 10.0 * n) for n in range(1, 6)]
    assert at.batches == 5


def test_what_no_score_tells_is_no_metric() -> None:
    event = Event(run="r", kind="report_written", key="k", data={"start": None, "score": None, "difference": 0.1})
    assert dict(event_metrics(event)) == {"gain": 0.1}


def test_without_the_library_the_run_is_refused_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UsageError, match="mlflow") as caught:
        Registry.load(()).create("observer", "mlflow")
    assert caught.value.remedy == 'pip install "maieutic[mlflow]"'


def test_the_library_itself_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow")
    place = (tmp_path / "runs").as_uri()
    options = {"tracking_uri": place, "content": True}
    done = a_run(tmp_path, observers=[PluginRef(use="mlflow", options=options)])
    client = mlflow.MlflowClient(tracking_uri=place)
    (at,) = client.search_runs([client.get_experiment_by_name("maieutic").experiment_id])
    assert done.report is not None
    assert at.info.status == "FINISHED"
    assert at.data.params["recipe"] == "protegi"
    assert at.data.metrics["gain"] == pytest.approx(done.report.difference.value)
    assert len(client.get_metric_history(at.info.run_id, "calls")) > 3
    assert {one.path for one in client.list_artifacts(at.info.run_id)} >= {"report.md", "lineage.json"}
