"""One run in one process: its doors, its account, and the archive as it was at a step."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..agents.pace import Pace
from ..agents.team import ModelTeam, Turn
from ..core.answer import AnswerContract
from ..core.budget import Cost, Ledger, LedgerView
from ..core.candidate import Archive, Candidate
from ..core.events import Event, EventKind
from ..core.example import Example
from ..core.models import ModelRef
from ..core.orders import Order, Outcome, Search, TaskBrief
from ..core.score import Evaluation, Response
from ..runtime.gateway import ModelDoor, RunGateway
from ..runtime.lanes.likeness import call_of
from ..runtime.outcomes import outcomes
from ..runtime.store import DialogueTurn, Store
from .amend import amended, applied
from .audience import Audience
from .grown import Grown, grown_rows, with_rows
from .room import room_left
from .setup import Setup
from .state import ProposeState, RunState
from .streaming import publish

Listener = Callable[[Event], None]
_log = logging.getLogger("maieutic")


@dataclass(kw_only=True)
class Session:
    """Opened by the first node that runs, closed by whoever opened the graph's `Desk`.

    base: the parts the run began with; `setup` has what people changed of them since. sitting: how often the run was
    taken up again. grown: the rows that the run made itself.
    """

    base: Setup
    setup: Setup
    run: str
    store: Store
    gateway: RunGateway
    door: ModelDoor
    ledger: Ledger
    audience: Audience
    listen: Listener | None = None
    began: float = field(default_factory=time.monotonic)
    sitting: int = 0
    grown: list[Grown] = field(default_factory=list)
    _archive: Archive | None = None
    _archive_step: int = -1
    _heard: int = 0
    _before: float | None = None

    def __post_init__(self) -> None:
        self._seats = asyncio.Semaphore(self.setup.concurrency)

    @classmethod
    async def open(cls, setup: Setup, run: str, store: Store, door: ModelDoor, listen: Listener | None) -> Session:
        """Rebuild the account from the store; calls that a dead process left in flight are counted as lost."""
        await store.mark_lost(run)
        ledger = store.ledger_rows(run).ledger(setup.budget)
        gateway = RunGateway(run=run, store=store, ledger=ledger, door=door, concurrency=setup.concurrency)
        last, audience = store.events(run), Audience(observers=setup.observers)
        for event in last:
            audience.hear(event)
        return cls(
            base=setup,
            setup=setup,
            run=run,
            store=store,
            gateway=gateway,
            door=door,
            ledger=ledger,
            audience=audience,
            listen=listen,
            sitting=sum(event.kind == "run_resumed" for event in last),
            grown=grown_rows(last),
            _heard=last[-1].number if last else 0,
        )

    def restore(self, state: Mapping[str, Any]) -> None:
        """The parts as people left them at the last boundary. Where more was heard since, a node begins again, and the
        archive is read anew."""
        told, heard = self.store.directives(self.run), state.get("directive", 0)
        made = [one for one in self.grown if one.step < state.get("step", 0)]
        if not told and not made:
            return
        if any(number > heard for number, _ in told):
            self._archive = None
        budget = self.setup.budget
        self.setup = amended(with_rows(self.base, made), applied(told, self.store.events(self.run), until=heard))
        self.setup.budget = budget

    async def emit(self, kind: EventKind, step: int, subject: str = "", **data: Any) -> None:
        """Write a fact; a node that runs again writes the same fact, which the store keeps once."""
        await self.tell(Event(run=self.run, kind=kind, key=f"{step}:{kind}:{subject}", step=step, data=data))

    async def tell(self, event: Event) -> None:
        """Write a fact under its own key."""
        for stored in await self.store.append_events([event]):
            if stored.number <= self._heard:
                continue
            self._heard = stored.number
            publish(stored)
            self.audience.hear(stored)
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

    def learn(self, step: int, facts: Sequence[Evaluation | Response], candidates: Sequence[Candidate]) -> None:
        """Carry what step wrote into the archive in memory, which then stands at step + 1."""
        archive = self.archive(step)
        for candidate in candidates:
            archive.add(candidate)
        archive.learn(facts)
        self._archive_step = step + 1

    def duels(self, step: int) -> tuple[Outcome, ...]:
        """What was preferred before `step`, on rows that may be seen."""
        return outcomes(self.store, self.run, step, self.examples)

    def at_step(self, step: int) -> None:
        """The step before `step` wrote nothing into the archive; what is in memory stands."""
        if self._archive_step == step - 1:
            self._archive_step = step

    def elapsed(self, state: RunState | ProposeState) -> float:
        """Seconds over all sessions of the run; the first state that is seen tells what came before this one."""
        if self._before is None:
            self._before = state.get("seconds", 0.0)
        return self._before + time.monotonic() - self.began

    def writers(self, state: ProposeState, allowance: int | None = None, *, begun: str = "") -> ModelTeam:
        """Who thinks about one order, as long as the round's time for writing lasts: half as long again for what
        follows from answers. begun: skill of the order's first question, where a team before this one asked it."""
        team = self.team(state["step"], f"{state['place']}", allowance)
        age, until = state["seconds"], state["until"]
        if until is None:
            return team

        def over(follows: bool) -> bool:
            return self.elapsed(state) >= (until + (until - age) / 2 if follows else until)

        return replace(team, pace=Pace(seats=self._seats, over=over), begun=begun)

    def team(self, step: int, stream: str, allowance: int | None = None) -> ModelTeam:
        """Who thinks about one thing; repeated questions within it are different draws."""
        recipe, task = self.setup.recipe, self.setup.task

        async def hear(turn: Turn) -> None:
            await self.store.save_dialogue(
                self.run,
                DialogueTurn(
                    step=step,
                    place=turn.place,
                    role=turn.role,
                    skill=turn.skill,
                    messages=turn.messages,
                    raw=turn.raw,
                    parsed=turn.reply.model_dump(mode="json") if turn.reply else None,
                ),
            )
            await self.emit(turn.kind, step, turn.place, role=turn.role, skill=turn.skill, text=turn.raw[:2000])

        return ModelTeam(
            models=task.models,
            gateway=self.gateway,
            evidence=recipe.evidence,
            temperature=recipe.temperature,
            seed=self.setup.seed,
            path=(step, stream),
            allowance=allowance,
            agents=self.setup.agents,
            listen=hear,
        )

    async def likeness(self, model: ModelRef, text: str, others: Sequence[str]) -> Sequence[float]:
        """How alike an embedding model finds a text and each of some others."""
        return await self.gateway.likeness(call_of(model, text, others), "optimizer")

    def brief(self) -> TaskBrief:
        task = self.setup.task
        return TaskBrief(
            name=task.name,
            description=task.description or task.program.main.instruction,
            answer=task.answer,
            max_prompt_tokens=task.constraints.max_prompt_tokens,
            chat=task.target.use == "chat",
        )

    def search(self, state: RunState, policy: str) -> Search:
        """What a policy decides from. Its memory is a copy: `policy`'s new memory goes back into the state."""
        task = self.setup.task
        view = LedgerView.model_validate(state["ledger"])
        room, begun = self._fitting(view), self._fitting(view, begun=True)
        each = self.setup.run_calls(task.program)[0]
        return Search(
            archive=self.archive(state["step"]),
            train=tuple(example.id for example in task.data.train),
            val=tuple(example.id for example in task.data.val),
            target=tuple(example.id for example in task.data.target),
            seed=self.setup.seed,
            round=state["round"],
            step=state["step"],
            room=room["target"] // each,
            total=begun["target"] // each,
            author_room=room["optimizer"],
            plan=tuple(state.get("plan", ())),
            operators={use.use: use.weight for use in self.setup.recipe.operators},
            examples=self.examples,
            orders=tuple(Order.model_validate(order) for order in state.get("orders", ())),
            duels=self.duels(state["step"]),
            memory=dict(state.get("memory", {}).get(policy, {})),
        )

    def _fitting(self, view: LedgerView, *, begun: bool = False) -> dict[str, int]:
        room = room_left(self.ledger, view, begun=begun)
        run, rated = self.setup.run_calls(self.setup.task.program, repairs=True)
        if rated and self.ledger.budget.calls is not None:
            # What rates an answer is paid from the same calls.
            room["target"] = min(room["target"], room["optimizer"] * run // (run + rated))
        return room

    @property
    def examples(self) -> Mapping[str, Example]:
        """All rows but those of the sealed split (L5)."""
        return self.setup.task.data.visible.index()

    @property
    def answer(self) -> AnswerContract:
        return self.setup.task.answer

    async def aclose(self) -> None:
        await self.setup.executor.aclose()
        await self.gateway.aclose()
        await self.audience.aclose(self.store, self.run)


def account(session: Session) -> dict[str, Any]:
    view = session.ledger.view()
    zero = Cost()
    return {
        "target_calls": view.used.get("target", zero).calls,
        "optimizer_calls": view.used.get("optimizer", zero).calls,
        "paid": view.total_paid.calls,
        "tokens": view.total.tokens,
        "usd": round(view.total.usd, 6),
    }


def close(session: Session, state: RunState, update: RunState) -> RunState:
    """Close a step: count it, and put the account into the state."""
    update["step"] = update["step"] + 1
    update["seconds"] = session.elapsed(state)
    update["ledger"] = session.ledger.view().model_dump(mode="json")
    session.at_step(update["step"])
    return update
