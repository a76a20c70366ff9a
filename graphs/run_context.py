"""A run in this process: its model client, ledger and event log, and the archive as of a step."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..core.budget import Cost, Ledger, LedgerView, Payer, remaining_calls
from ..core.candidate import Archive, Candidate
from ..core.dataset import SPLITS, Dataset, Example, Split
from ..core.directives import Stop
from ..core.events import Event, EventKind
from ..core.frozen import FrozenDict
from ..core.models import ModelRef
from ..core.score import Evaluation, Response
from ..core.search_types import DuelOutcome, Search, TaskBrief, WorkOrder
from ..runtime.models.gateway import ModelClient, RunGateway
from ..runtime.models.transports.embeddings import similarity_call
from ..runtime.store import Store
from .config_changes import (
    GeneratedRow,
    apply_changes,
    effective_directives,
    read_generated_rows,
    with_generated_rows,
)
from .event_delivery import ObserverDispatcher, publish
from .run_config import RunConfig
from .state import ProposeState, RunState
from .team_briefing import aim, task_brief

Listener = Callable[[Event], None]
Callback = Callable[[Event], object]
"""Called with every event, in order; the search ends at its next boundary where one returns True."""
STOPPED_BY_CALLBACK = "a callback stopped it"
_log = logging.getLogger("maieutic")


@dataclass(kw_only=True)
class RunContext:
    """What the nodes of one run share. Opened by the first node that runs, closed by the owner of `RunContexts`.

    Attributes:
        initial_config: the parts the run started with.
        config: the same with people's changes and the generated examples.
        started_at: `time.monotonic()` of this process's start on the run; pauses move it forward.
        resume_count: how often the run was resumed before.
        generated_rows: the examples that the run made itself.
        target_tried: whether the first answers were looked at in this process.
        stop_asked: whether a callback asked this process to end the search.
        target_known: whether a run of the target has shown that it asks the run's model, or does not.
        first_run: held by that run.
    """

    initial_config: RunConfig
    config: RunConfig
    run: str
    store: Store
    gateway: RunGateway
    model_client: ModelClient
    ledger: Ledger
    observers: ObserverDispatcher
    listen: Listener | None = None
    callbacks: Sequence[Callback] = ()
    started_at: float = field(default_factory=time.monotonic)
    resume_count: int = 0
    generated_rows: list[GeneratedRow] = field(default_factory=list)
    target_tried: bool = False
    stop_asked: bool = False
    target_known: bool = False
    first_run: asyncio.Lock = field(default_factory=asyncio.Lock)
    _archive: Archive | None = None
    _archive_step: int = -1
    _last_event_number: int = 0
    _earlier_seconds: float | None = None
    _indexed_data: Dataset | None = None
    _examples: Mapping[str, Example] = field(default_factory=dict)
    _split_ids: Mapping[Split, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writing_slots = asyncio.Semaphore(self.config.options.concurrency)

    @classmethod
    async def open(
        cls,
        config: RunConfig,
        run: str,
        store: Store,
        model_client: ModelClient,
        listen: Listener | None,
        callbacks: Sequence[Callback] = (),
    ) -> RunContext:
        """Rebuild the ledger from the store. Calls that a dead process left in flight count as lost."""
        await store.mark_lost(run)
        ledger = store.ledger_sums(run).ledger(config.budget)
        gateway = RunGateway(
            run=run, store=store, ledger=ledger, client=model_client, concurrency=config.options.concurrency
        )
        events, observers = store.events(run), ObserverDispatcher(observers=config.observers)
        for event in events:
            observers.deliver(event)
        context = cls(
            initial_config=config,
            config=config,
            run=run,
            store=store,
            gateway=gateway,
            model_client=model_client,
            ledger=ledger,
            observers=observers,
            listen=listen,
            callbacks=callbacks,
            resume_count=sum(event.kind == "run_resumed" for event in events),
            generated_rows=read_generated_rows(events),
            _last_event_number=events[-1].number if events else 0,
        )
        gateway.is_out_of_time = context.is_out_of_time
        return context

    def restore_config(self, state: Mapping[str, Any]) -> None:
        """Rebuild the config as of the last step boundary. Directives that arrived since make a node start again, so
        the archive is read anew then."""
        directives, applied_until = self.store.directives(self.run), state.get("directive", 0)
        generated = [row for row in self.generated_rows if row.step < state.get("step", 0)]
        if not directives and not generated:
            return
        if any(number > applied_until for number, _ in directives):
            self._archive = None
        budget = self.config.budget
        effective = effective_directives(directives, self.store.events(self.run), until=applied_until)
        self.config = apply_changes(with_generated_rows(self.initial_config, generated), effective)
        self.config.budget = budget

    async def emit(self, kind: EventKind, step: int, subject: str = "", **data: Any) -> None:
        """Append an event. A node that runs again emits the same event, which the store keeps once."""
        await self.append_event(self.event(kind, step, subject, **data))

    def event(self, kind: EventKind, step: int, subject: str = "", **data: Any) -> Event:
        """An event of this run that is not in the store yet."""
        return Event(run=self.run, kind=kind, key=f"{step}:{kind}:{subject}", step=step, data=data)

    async def append_event(self, event: Event) -> None:
        """Append an event under its own key, and deliver it to streams, observers, listener and callbacks."""
        asked_before = self.stop_asked
        self.deliver(await self.store.append_events([event]))
        if self.stop_asked and not asked_before:
            # As a directive it is durable, and takes effect where a person's would.
            await self.store.add_directive(self.run, Stop(reason=STOPPED_BY_CALLBACK))

    def deliver(self, events: Sequence[Event]) -> None:
        """Deliver stored events to streams, observers, listener and callbacks, each once."""
        for stored in events:
            if stored.number <= self._last_event_number:
                continue
            self._last_event_number = stored.number
            publish(stored)
            self.observers.deliver(stored)
            for listener in ([self.listen] if self.listen else []) + list(self.callbacks):
                try:
                    answer = listener(stored)
                except Exception:  # noqa: BLE001 - an observer can neither change nor break a run (L7)
                    _log.exception("a listener failed on %s", stored.kind)
                    continue
                self.stop_asked = self.stop_asked or (answer is True and listener is not self.listen)

    def archive(self, step: int) -> Archive:
        """What was known before `step`. Kept in memory while steps follow one another, else read from the store."""
        if self._archive is None or self._archive_step != step:
            candidates = self.store.candidates(self.run, before_step=step)
            evaluations = self.store.evaluations(self.run, before_step=step)
            self._archive = Archive(candidates, evaluations, self.store.responses(self.run, before_step=step))
            self._archive_step = step
        return self._archive

    def apply_results(
        self, step: int, measurements: Sequence[Evaluation | Response], candidates: Sequence[Candidate]
    ) -> None:
        """Add what `step` wrote to the archive in memory, which then stands at step + 1."""
        archive = self.archive(step)
        for candidate in candidates:
            archive.add(candidate)
        archive.add_results(measurements)
        self._archive_step = step + 1

    def advance_cache(self, step: int) -> None:
        """Keep the archive in memory valid for `step`, where the step before wrote nothing into it."""
        if self._archive_step == step - 1:
            self._archive_step = step

    def duel_outcomes(self, step: int) -> tuple[DuelOutcome, ...]:
        """The preferences known before `step`, on examples outside the held-out test."""
        return self.store.duel_outcomes(self.run, step, self.examples)

    def elapsed_seconds(self, state: RunState | ProposeState) -> float:
        """Seconds over all processes of the run; the first state that is seen tells what came before this one."""
        if self._earlier_seconds is None:
            self._earlier_seconds = state.get("seconds", 0.0)
        return self._earlier_seconds + time.monotonic() - self.started_at

    def is_out_of_time(self) -> bool:
        """Whether the search has used its minutes. The held-out test, once opened, is finished."""
        minutes = self.config.budget.minutes
        if minutes is None or self.ledger.test_opened:
            return False
        return (self._earlier_seconds or 0.0) + time.monotonic() - self.started_at >= minutes * 60

    @cached_property
    def aim(self) -> str:
        """What the agents are told of the measure, the target model, the answer and the limit of length."""
        return aim(self.initial_config)

    async def similarity(self, model: ModelRef, text: str, others: Sequence[str]) -> Sequence[float]:
        """Similarity of a text to each of some others, by an embedding model."""
        return await self.gateway.similarities(similarity_call(model, text, others), "optimizer")

    def task_brief(self) -> TaskBrief:
        return task_brief(self.config.task, self._named_labels)

    @property
    def _named_labels(self) -> tuple[str, ...]:
        """The labels that agents are told of. Runs from before model profiles ask as they did, so that their answers
        are found in the store; and what a step of a pipeline brings out is no label."""
        config = self.config
        alone = len(config.task.program.prompts) == 1
        return config.labels if alone and not config.instructed_limits else ()

    def build_search(self, state: RunState, policy: str) -> Search:
        """What a policy decides from. Its memory is a copy: `policy`'s new memory goes back into the state."""
        view = LedgerView.model_validate(state["ledger"])
        remaining, initial = self._remaining_calls(view), self._remaining_calls(view, from_start=True)
        calls_per_run = self._baseline_calls
        archive, examples = self.archive(state["step"]), self.examples
        val = self._split_ids["val"]
        archive.scores.track(val)
        return Search(
            archive=self._archive_of_pass(state).read_only,
            train=self._split_ids["train"],
            val=val,
            target=self._split_ids["target"],
            seed=self.config.seed,
            round=state["round"] - state.get("pass_round", 0),
            rounds_before=state.get("pass_round", 0),
            step=state["step"],
            remaining_runs=remaining["target"] // calls_per_run,
            total_runs=initial["target"] // calls_per_run,
            remaining_optimizer_calls=remaining["optimizer"],
            plan=tuple(state.get("plan", ())),
            operators={use.use: use.weight for use in self.config.recipe.operators},
            examples=examples,
            orders=tuple(WorkOrder.model_validate(order) for order in state.get("orders", ())),
            duels=self.duel_outcomes(state["step"]),
            memory=dict(state.get("memory", {}).get(policy, {})),
            capable=self.config.has_capable_authors,
        )

    def _archive_of_pass(self, state: RunState) -> Archive:
        """The archive as a pass sees it: its baseline is the prompt that the pass began with, unless it was vetoed."""
        archive, root = self.archive(state["step"]), state.get("pass_root", "")
        return archive.rooted_at(root) if root and archive[root].status != "vetoed" else archive

    def remaining_runs(self, state: RunState) -> int:
        """How many more runs of the baseline fit the budget, by the ledger of the last step."""
        return self._remaining_calls(LedgerView.model_validate(state["ledger"]))["target"] // self._baseline_calls

    @property
    def _baseline_calls(self) -> int:
        return self.config.calls_per_run(self.config.task.program)[0]

    def _remaining_calls(self, view: LedgerView, *, from_start: bool = False) -> dict[Payer, int]:
        remaining = remaining_calls(self.ledger, view, from_start=from_start)
        run_calls, scoring_calls = self.config.calls_per_run(self.config.task.program, repairs=True)
        if scoring_calls and self.ledger.budget.calls is not None:
            # Evaluators that ask a model are paid from the same calls.
            with_scoring = remaining["optimizer"] * run_calls // (run_calls + scoring_calls)
            remaining["target"] = min(remaining["target"], with_scoring)
        return remaining

    @property
    def examples(self) -> Mapping[str, Example]:
        """All examples by id, without the held-out test (L5). Built once per state of the data."""
        data = self.config.task.data
        if self._indexed_data is not data:
            self._indexed_data, self._examples = data, FrozenDict(data.without_test.by_id())
            self._split_ids = {split: tuple(example.id for example in data[split]) for split in SPLITS}
        return self._examples

    async def aclose(self) -> None:
        await self.config.executor.aclose()
        await self.gateway.aclose()
        await self.observers.aclose(self.store, self.run)


def ledger_summary(context: RunContext) -> dict[str, Any]:
    """The ledger in one flat line, for events."""
    view = context.ledger.view()
    zero = Cost()
    return {
        "target_calls": view.used.get("target", zero).calls,
        "optimizer_calls": view.used.get("optimizer", zero).calls,
        "paid": view.total_paid.calls,
        "tokens": view.total.tokens,
        "usd": round(view.total.usd, 6),
    }


def end_step(context: RunContext, state: RunState, update: RunState) -> RunState:
    """Close a step: count it, and put the time and the ledger into the state."""
    update["step"] = update["step"] + 1
    update["seconds"] = context.elapsed_seconds(state)
    update["ledger"] = context.ledger.view().model_dump(mode="json")
    context.advance_cache(update["step"])
    return update
