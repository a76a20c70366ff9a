"""One run in one process: its doors, its account, and the archive as it was at a step."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..agents.deadline import WritingDeadline
from ..agents.team import AgentTurn, ModelTeam
from ..core.answer import AnswerContract
from ..core.budget import Cost, Ledger, LedgerView, Payer, remaining_calls
from ..core.candidate import Archive, Candidate
from ..core.dataset import Example
from ..core.events import Event, EventKind
from ..core.models import ModelRef
from ..core.score import Evaluation, Response
from ..core.search_types import DuelOutcome, Search, TaskBrief, WorkOrder
from ..runtime.models.gateway import ModelClient, RunGateway
from ..runtime.models.transports.embeddings import similarity_call
from ..runtime.store import DialogueTurn, Store
from .config_changes import apply_changes, effective_directives
from .event_stream import publish
from .grown import GeneratedRow, read_generated_rows, with_generated_rows
from .observers import ObserverDispatcher
from .run_config import RunConfig
from .state import ProposeState, RunState

Listener = Callable[[Event], None]
_log = logging.getLogger("maieutic")


@dataclass(kw_only=True)
class RunContext:
    """Opened by the first node that runs, closed by whoever opened the graph's `Desk`.

    base: the parts the run began with; `setup` has what people changed of them since. sitting: how often the run was
    taken up again. grown: the rows that the run made itself.
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
    started_at: float = field(default_factory=time.monotonic)
    resume_count: int = 0
    generated_rows: list[GeneratedRow] = field(default_factory=list)
    _archive: Archive | None = None
    _archive_step: int = -1
    _last_event_number: int = 0
    _earlier_seconds: float | None = None

    def __post_init__(self) -> None:
        self._writing_slots = asyncio.Semaphore(self.config.concurrency)

    @classmethod
    async def open(
        cls, setup: RunConfig, run: str, store: Store, door: ModelClient, listen: Listener | None
    ) -> RunContext:
        """Rebuild the account from the store; calls that a dead process left in flight are counted as lost."""
        await store.mark_lost(run)
        ledger = store.ledger_sums(run).ledger(setup.budget)
        gateway = RunGateway(run=run, store=store, ledger=ledger, client=door, concurrency=setup.concurrency)
        last, audience = store.events(run), ObserverDispatcher(observers=setup.observers)
        for event in last:
            audience.deliver(event)
        return cls(
            initial_config=setup,
            config=setup,
            run=run,
            store=store,
            gateway=gateway,
            model_client=door,
            ledger=ledger,
            observers=audience,
            listen=listen,
            resume_count=sum(event.kind == "run_resumed" for event in last),
            generated_rows=read_generated_rows(last),
            _last_event_number=last[-1].number if last else 0,
        )

    def restore_config(self, state: Mapping[str, Any]) -> None:
        """The parts as people left them at the last boundary. Where more was heard since, a node begins again, and the
        archive is read anew."""
        told, heard = self.store.directives(self.run), state.get("directive", 0)
        made = [one for one in self.generated_rows if one.step < state.get("step", 0)]
        if not told and not made:
            return
        if any(number > heard for number, _ in told):
            self._archive = None
        budget = self.config.budget
        self.config = apply_changes(
            with_generated_rows(self.initial_config, made),
            effective_directives(told, self.store.events(self.run), until=heard),
        )
        self.config.budget = budget

    async def emit(self, kind: EventKind, step: int, subject: str = "", **data: Any) -> None:
        """Write a fact; a node that runs again writes the same fact, which the store keeps once."""
        await self.append_event(Event(run=self.run, kind=kind, key=f"{step}:{kind}:{subject}", step=step, data=data))

    async def append_event(self, event: Event) -> None:
        """Write a fact under its own key."""
        for stored in await self.store.append_events([event]):
            if stored.number <= self._last_event_number:
                continue
            self._last_event_number = stored.number
            publish(stored)
            self.observers.deliver(stored)
            if self.listen is None:
                continue
            try:
                self.listen(stored)
            except Exception:  # noqa: BLE001 - an observer can neither change nor break a run (L7)
                _log.exception("a listener failed on %s", stored.kind)

    def archive(self, step: int) -> Archive:
        """What was known before `step`. Kept in memory while steps follow one another, else read from the store."""
        if self._archive is None or self._archive_step != step:
            candidates = self.store.candidates(self.run, before_step=step)
            evaluations = self.store.evaluations(self.run, before_step=step)
            self._archive = Archive(candidates, evaluations, self.store.responses(self.run, before_step=step))
            self._archive_step = step
        return self._archive

    def apply_results(self, step: int, facts: Sequence[Evaluation | Response], candidates: Sequence[Candidate]) -> None:
        """Carry what step wrote into the archive in memory, which then stands at step + 1."""
        archive = self.archive(step)
        for candidate in candidates:
            archive.add(candidate)
        archive.add_results(facts)
        self._archive_step = step + 1

    def duel_outcomes(self, step: int) -> tuple[DuelOutcome, ...]:
        """What was preferred before `step`, on rows that may be seen."""
        return self.store.duel_outcomes(self.run, step, self.examples)

    def advance_cache(self, step: int) -> None:
        """The step before `step` wrote nothing into the archive; what is in memory stands."""
        if self._archive_step == step - 1:
            self._archive_step = step

    def elapsed_seconds(self, state: RunState | ProposeState) -> float:
        """Seconds over all sessions of the run; the first state that is seen tells what came before this one."""
        if self._earlier_seconds is None:
            self._earlier_seconds = state.get("seconds", 0.0)
        return self._earlier_seconds + time.monotonic() - self.started_at

    def writing_team(self, state: ProposeState, allowance: int | None = None, *, begun: str = "") -> ModelTeam:
        """Who thinks about one order, as long as the round's time for writing lasts: half as long again for what
        follows from answers. begun: skill of the order's first question, where a team before this one asked it."""
        team = self.team(state["step"], f"{state['place']}", allowance)
        age, until = state["seconds"], state["until"]
        if until is None:
            return team

        def over(follows: bool) -> bool:
            return self.elapsed_seconds(state) >= (until + (until - age) / 2 if follows else until)

        return replace(team, deadline=WritingDeadline(slots=self._writing_slots, expired=over), first_skill=begun)

    def team(self, step: int, stream: str, allowance: int | None = None) -> ModelTeam:
        """Who thinks about one thing; repeated questions within it are different draws."""
        recipe, task = self.config.recipe, self.config.task

        async def hear(turn: AgentTurn) -> None:
            await self.store.save_dialogue(
                self.run,
                DialogueTurn(
                    step=step,
                    place=turn.key,
                    role=turn.role,
                    skill=turn.skill,
                    messages=turn.messages,
                    raw=turn.raw,
                    parsed=turn.reply.model_dump(mode="json") if turn.reply else None,
                ),
            )
            await self.emit(turn.kind, step, turn.key, role=turn.role, skill=turn.skill, text=turn.raw[:2000])

        return ModelTeam(
            models=task.models,
            gateway=self.gateway,
            evidence=recipe.evidence,
            temperature=recipe.temperature,
            seed=self.config.seed,
            path=(step, stream),
            allowance=allowance,
            agents=self.config.agents,
            on_turn=hear,
        )

    async def similarity(self, model: ModelRef, text: str, others: Sequence[str]) -> Sequence[float]:
        """How alike an embedding model finds a text and each of some others."""
        return await self.gateway.similarities(similarity_call(model, text, others), "optimizer")

    def task_brief(self) -> TaskBrief:
        task = self.config.task
        return TaskBrief(
            name=task.name,
            description=task.description or task.program.main.instruction,
            answer=task.answer,
            max_prompt_tokens=task.constraints.max_prompt_tokens,
            chat=task.target.use == "chat",
        )

    def build_search(self, state: RunState, policy: str) -> Search:
        """What a policy decides from. Its memory is a copy: `policy`'s new memory goes back into the state."""
        task = self.config.task
        view = LedgerView.model_validate(state["ledger"])
        room, begun = self._remaining_calls(view), self._remaining_calls(view, begun=True)
        each = self.config.calls_per_run(task.program)[0]
        return Search(
            archive=self.archive(state["step"]),
            train=tuple(example.id for example in task.data.train),
            val=tuple(example.id for example in task.data.val),
            target=tuple(example.id for example in task.data.target),
            seed=self.config.seed,
            round=state["round"],
            step=state["step"],
            remaining_runs=room["target"] // each,
            total_runs=begun["target"] // each,
            remaining_optimizer_calls=room["optimizer"],
            plan=tuple(state.get("plan", ())),
            operators={use.use: use.weight for use in self.config.recipe.operators},
            examples=self.examples,
            orders=tuple(WorkOrder.model_validate(order) for order in state.get("orders", ())),
            duels=self.duel_outcomes(state["step"]),
            memory=dict(state.get("memory", {}).get(policy, {})),
        )

    def _remaining_calls(self, view: LedgerView, *, begun: bool = False) -> dict[Payer, int]:
        room = remaining_calls(self.ledger, view, from_start=begun)
        run, rated = self.config.calls_per_run(self.config.task.program, repairs=True)
        if rated and self.ledger.budget.calls is not None:
            # What rates an answer is paid from the same calls.
            room["target"] = min(room["target"], room["optimizer"] * run // (run + rated))
        return room

    @property
    def examples(self) -> Mapping[str, Example]:
        """All rows but those of the sealed split (L5)."""
        return self.config.task.data.without_test.by_id()

    @property
    def answer(self) -> AnswerContract:
        return self.config.task.answer

    async def aclose(self) -> None:
        await self.config.executor.aclose()
        await self.gateway.aclose()
        await self.observers.aclose(self.store, self.run)


def ledger_summary(session: RunContext) -> dict[str, Any]:
    view = session.ledger.view()
    zero = Cost()
    return {
        "target_calls": view.used.get("target", zero).calls,
        "optimizer_calls": view.used.get("optimizer", zero).calls,
        "paid": view.total_paid.calls,
        "tokens": view.total.tokens,
        "usd": round(view.total.usd, 6),
    }


def end_step(session: RunContext, state: RunState, update: RunState) -> RunState:
    """Close a step: count it, and put the account into the state."""
    update["step"] = update["step"] + 1
    update["seconds"] = session.elapsed_seconds(state)
    update["ledger"] = session.ledger.view().model_dump(mode="json")
    session.advance_cache(update["step"])
    return update
