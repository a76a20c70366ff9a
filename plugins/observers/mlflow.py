"""Logs each run to MLflow: parameters, curves over calls, the measured gain, and files.

MLflow's own variables say where: MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME. No text of a prompt, an example or an
answer is sent unless `content` or OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is set, as for spans.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...core.candidate import Candidate
from ...core.events import Event
from ...core.observer import RunClosed
from ...core.protocols import NEEDS_NOTHING
from ...core.report import Report
from ...runtime.reports.markdown import to_markdown
from ...runtime.telemetry.logging import content_enabled
from ..system.imports import import_optional

RUN_TAG, LAST_EVENT_TAG, VERDICT_TAG = "maieutic.run", "maieutic.heard", "maieutic.verdict"
_EXPERIMENT_VARIABLE = "MLFLOW_EXPERIMENT_NAME"
_PARAMETER_LENGTH = 500
_PARAMETERS = ("task", "recipe", "seed", "target", "optimizer", "train", "val", "test", "sealed")
_MLFLOW_STATES = {"finished": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}
_METRICS_BY_EVENT: Mapping[str, Mapping[str, str]] = {
    "baseline_measured": {"score": "start_val"},
    "best_changed": {"score": "best", "low": "best_low", "high": "best_high"},
    "round_finished": {"round": "round", "kept": "kept", "dropped": "dropped"},
    "report_written": {
        "start": "start",
        "score": "score",
        "difference": "gain",
        "low": "gain_low",
        "high": "gain_high",
    },
}
_COST_METRICS = ("tokens", "usd", "paid", "target_calls", "optimizer_calls")


@dataclass
class _MlflowRun:
    """The MLflow run of a run: the number of its last logged event, and the calls so far, the curves' x-axis."""

    id: str
    last_event: int
    calls: int = 0


class MlflowObserver:
    """experiment, tracking_uri: In place of MLflow's own variables. content: Whether prompts are sent too."""

    name = "mlflow"
    needs = NEEDS_NOTHING

    def __init__(self, experiment: str = "", tracking_uri: str = "", content: bool | None = None) -> None:
        self._mlflow = import_optional("mlflow", extra="mlflow", who="the observer 'mlflow'")
        self._experiment = experiment or os.environ.get(_EXPERIMENT_VARIABLE) or "maieutic"
        self._uri = tracking_uri or None
        self._content = content_enabled() if content is None else content
        self._client: Any = None
        self._experiment_id = ""
        self._runs: dict[str, _MlflowRun] = {}

    async def hear(self, event: Event) -> None:
        at = self._mlflow_run(event.run)
        at.calls = calls_so_far(event) or at.calls
        if event.number <= at.last_event:
            return
        entities, when = self._mlflow.entities, timestamp_ms(event.at)
        self._client.log_batch(
            at.id,
            metrics=[entities.Metric(key, value, when, at.calls) for key, value in event_metrics(event)],
            params=[entities.Param(key, value[:_PARAMETER_LENGTH]) for key, value in run_parameters(event)],
            tags=[entities.RunTag(LAST_EVENT_TAG, str(event.number))],
        )
        at.last_event = event.number

    async def end(self, closing: RunClosed) -> None:
        at = self._mlflow_run(closing.run)
        self._client.log_text(at.id, lineage_json(closing.candidates, self._content), "lineage.json")
        if (report := closing.report) is not None:
            self._client.set_tag(at.id, VERDICT_TAG, report.verdict)
            for key, value in (("p", report.difference.p), ("rows", report.best.n), ("seconds", report.seconds)):
                self._client.log_metric(at.id, key, float(value), step=at.calls)
            for name, text in report_files(report, self._content):
                self._client.log_text(at.id, text, name)
        if closing.state in _MLFLOW_STATES:
            self._client.set_terminated(at.id, _MLFLOW_STATES[closing.state])
        del self._runs[closing.run]

    def _mlflow_run(self, run: str) -> _MlflowRun:
        """The MLflow run with this run's name: a new one, or the one that an earlier process started."""
        if run in self._runs:
            return self._runs[run]
        if self._client is None:
            self._client = self._mlflow.MlflowClient(tracking_uri=self._uri)
            experiment = self._client.get_experiment_by_name(self._experiment)
            self._experiment_id = (
                experiment.experiment_id if experiment else self._client.create_experiment(self._experiment)
            )
        quote = '"' if "'" in run else "'"
        runs = self._client.search_runs([self._experiment_id], filter_string=f"tags.`{RUN_TAG}` = {quote}{run}{quote}")
        if runs:
            at = _MlflowRun(runs[0].info.run_id, int(runs[0].data.tags.get(LAST_EVENT_TAG, 0)))
            self._client.update_run(at.id, status="RUNNING")
        else:
            at = _MlflowRun(
                self._client.create_run(self._experiment_id, run_name=run, tags={RUN_TAG: run}).info.run_id, 0
            )
        self._runs[run] = at
        return at


def calls_so_far(event: Event) -> int:
    """The calls so far; 0 if the event does not have them."""
    spent = event.data.get("ledger") or {}
    return int(spent.get("target_calls", 0)) + int(spent.get("optimizer_calls", 0))


def run_parameters(event: Event) -> Iterator[tuple[str, str]]:
    """The parameters of the run. MLflow keeps the first value, so each is logged once."""
    if event.kind == "preflight_passed" and "models" in event.data:
        yield "models", ", ".join(map(str, event.data["models"]))
    if event.kind == "run_started":
        yield from ((key, str(event.data[key])) for key in _PARAMETERS if key in event.data)
        yield from ((f"budget.{key}", str(value)) for key, value in (event.data.get("budget") or {}).items())


def event_metrics(event: Event) -> Iterator[tuple[str, float]]:
    for key, name in _METRICS_BY_EVENT.get(event.kind, {}).items():
        if isinstance(value := event.data.get(key), int | float):
            yield name, float(value)
    if calls := calls_so_far(event):
        yield "calls", float(calls)
        yield from ((key, float(event.data["ledger"][key])) for key in _COST_METRICS if key in event.data["ledger"])


def report_files(report: Report, content: bool) -> Iterator[tuple[str, str]]:
    """The files of a report. Without content it has numbers only: neither prompts nor warnings, which may quote."""
    if not content:
        yield "report.json", report.model_dump_json(indent=2, exclude={"prompt", "warnings"})
        return
    yield "report.json", report.model_dump_json(indent=2)
    yield "report.md", to_markdown(report)
    yield "prompt_start.txt", report.prompt.start
    yield "prompt_best.txt", report.prompt.best


def lineage_json(candidates: Sequence[Candidate], content: bool) -> str:
    """The candidates with their parents; with content also rationale, reason and program."""
    fields = {"id", "parents", "operator", "status", "round", "step"}
    fields |= {"program", "rationale", "reason"} if content else set()
    rows = [candidate.model_dump(mode="json", include=fields) for candidate in candidates]
    return json.dumps({"candidates": rows}, ensure_ascii=False, indent=1)


def timestamp_ms(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000) if at else 0
