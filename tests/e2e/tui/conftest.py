"""A store with one finished run that is the same to the letter every time, and a way to look at screens as text."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget, Cost, LedgerView
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.events import Event
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.core.render import Message
from maieutic.core.score import Evaluation, Score
from maieutic.core.task import Task
from maieutic.runtime.monitor.leaderboard import Leaderboard
from maieutic.runtime.monitor.run_timeline import RunTimeline
from maieutic.runtime.monitor.snapshot import RunSnapshot
from maieutic.runtime.reports.report_builder import ReportMeasurements, build_report
from maieutic.runtime.store import DialogueTurn, RunRecord, StatusChange, Store
from maieutic.tui.app import MaieuticApp
from maieutic.tui.widgets.line_list import LineList
from maieutic.tui.widgets.prompt_bar import PromptBar
from textual.pilot import Pilot
from textual.widgets import Label, TextArea

RUN, GONE = "20261121-100000-aaaa", "20261121-110000-bbbb"
LIVE, PAUSED, ASKING = "20261121-120000-cccc", "20261121-130000-dddd", "20261121-140000-eeee"
STATES = {RUN: "finished", GONE: "running", LIVE: "running", PAUSED: "paused", ASKING: "running"}
PEOPLE = [
    ("c-000000start", "start", (), "kept"),
    ("c-111111demos", "demos", ("c-000000start",), "dropped"),
    ("c-222222quest", "socratic", ("c-000000start",), "kept"),
    ("c-333333phras", "phrase", ("c-222222quest",), "racing"),
    ("c-444444gradi", "gradient", ("c-222222quest",), "kept"),
    ("c-555555child", "phrase", ("c-444444gradi",), "dropped"),
]
TEXTS = {
    "c-000000start": "Say whether the review praises or pans the film.",
    "c-111111demos": "Say whether the review praises or pans the film. Look at the worked cases first.",
    "c-222222quest": "Read the whole review. Ask what the writer would tell a friend. Answer positive or negative.",
    "c-333333phras": "Read the review. Ask what the writer would tell a friend. Answer positive or negative.",
    "c-444444gradi": "Read the whole review. Mind irony and faint praise. Answer positive or negative, nothing else.",
    "c-555555child": "Read the review. Mind irony. Answer positive or negative, nothing else.",
}
RIGHT = {name: right for (name, *_), right in zip(PEOPLE, (9, 8, 13, 12, 16, 10), strict=True)}
LOOK, PATIENCE = 0.005, 4000  # a busy machine is given time; what fails looks in vain for twenty seconds


@pytest.fixture(scope="session")
def task() -> Task:
    words = ["A joy from end to end", "Dull beyond belief", "Warm, wise and funny", "I left after ten minutes"]
    rows = [
        {"input": f"{words[n % 4]}, scene {n}.", "output": ("positive", "negative")[n % 2], "id": f"row-{n:03d}"}
        for n in range(48)
    ]
    return Task.create(TEXTS["c-000000start"], train=rows[:8], val=rows[8:28], test=rows[28:], name="reviews")


@pytest.fixture(scope="session")
def folder(task: Task, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with a report, and one whose process is gone."""
    place = tmp_path_factory.mktemp("project") / ".maieutic"
    with Store.open(place) as store:
        asyncio.run(_fill(store, task))
    return place


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key file of whoever runs the tests, no wish for colours or signs of theirs, and a folder to write in."""
    monkeypatch.setenv("MAIEUTIC_CONFIG", str(tmp_path))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def app(folder: Path) -> Callable[..., MaieuticApp]:
    def make(run: str | None = RUN, **options: Any) -> MaieuticApp:
        return MaieuticApp(folder, run=run, listing=listing, **options)

    return make


@pytest.fixture
def still(folder: Path) -> Callable[[str], MaieuticApp]:
    """An application on a run as it was at one moment, whatever the clock says."""

    def make(run: str, **options: Any) -> MaieuticApp:
        with Store.open(folder, read_only=True) as store:
            record, timeline = store.run(run), RunTimeline.from_events(store.events(run))
            leaderboard = Leaderboard().extend(store.tallies(run))
        alive = run != GONE
        snapshot = RunSnapshot(
            record=record,
            alive=alive,
            timeline=timeline,
            leaderboard=leaderboard,
            spent=timeline.view.spent,
            seconds=61.0,
        )
        return MaieuticApp(folder, run=run, source=Still(snapshot), listing=listing, **options)

    return make


class Still:
    """A source that gives one snapshot."""

    def __init__(self, snapshot: RunSnapshot) -> None:
        self.snapshot = snapshot

    def read(self) -> RunSnapshot:
        return self.snapshot


@pytest.fixture
def screen() -> Callable[[MaieuticApp], str]:
    return text_of


@pytest.fixture
def settle() -> Callable[[Pilot[None]], Awaitable[None]]:
    return settled


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A store of one's own to write into."""
    return Path(shutil.copytree(folder, tmp_path / ".maieutic"))


@pytest.fixture
def hand_of() -> Callable[[Pilot[None]], Hand]:
    return Hand


class Hand:
    """Presses keys, and goes on when the bar asks or what was asked for is done: never by time."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    @property
    def bar(self) -> PromptBar:
        return self.pilot.app.pages[-1].query_one(PromptBar)  # type: ignore[attr-defined,no-any-return]

    @property
    def question(self) -> str:
        return str(self.bar.query_one(Label).content).strip()

    async def until(self, true: Callable[[], bool], what: str = "it") -> None:
        for _ in range(PATIENCE):
            if true():
                return
            await self.pilot.pause(LOOK)
        raise AssertionError(f"{what} never came to that: {text_of(self.pilot.app)}")  # type: ignore[arg-type]

    async def asks(self, *keys: str) -> None:
        """Press keys; the bar has asked one thing more."""
        bar = self.bar
        before = bar.question_count
        await self.press(*keys)
        await self.until(lambda: bar.question_count > before)

    async def press(self, *keys: str) -> None:
        """As a terminal gives them: one after the other, each heard before the next."""
        for key in keys:
            self.pilot.app.simulate_key(key)
            await self.pilot.pause(0)

    async def previews(self, key: str, *answers: str, text: str | None = None) -> str:
        """From the key of a directive to what the bar says it would do: text goes to the editor, answers to the
        questions in their order."""
        if text is None:
            await self.asks(key)
        else:
            await self.press(key)
            await self.until(lambda: bool(self.pilot.app.screen.query(TextArea)), "the editor")
            self.pilot.app.screen.query_one(TextArea).text = text
            await self.asks("ctrl+s")
        for answer in answers:
            self.bar.field.value = answer
            await self.asks("enter")
        return self.question


async def settled(pilot: Pilot[None]) -> None:
    """Until nothing is at work but what waits for a person, and a screen that is drawn again looks the same."""
    app, before = pilot.app, ""
    assert isinstance(app, MaieuticApp)
    for _ in range(PATIENCE):
        await pilot.pause(LOOK)
        waits = app.page is None or app.page.bar.accepts_keys
        busy = any(not (one.is_finished or (waits and one.group == "ask")) for one in app.workers)
        now = text_of(app)
        if now == before and not busy:
            return
        before = now
    raise AssertionError(f"the screen never comes to rest: {before}")


def text_of(app: MaieuticApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"


def listing() -> dict[str, Any]:
    return {
        "recipes": [
            {"name": "auto", "summary": "A bandit over operators, racing on pooled evidence.", "needs": []},
            {"name": "mars", "summary": "Planner path and Socratic dialogue.", "paper": "arXiv 2503.16874"},
        ],
        "plugins": [{"kind": "evaluator", "name": "exact", "summary": "the answer is one of the references"}],
    }


def log() -> list[Event]:
    ledger = {"target_calls": 60, "optimizer_calls": 4, "tokens": 9000, "usd": 0.0}
    facts: list[tuple[str, int, dict[str, Any], str]] = [
        ("run_started", 1, {"task": "reviews", "recipe": "mars", "budget": {"calls": 300}, "target": "t/m"}, ""),
        ("plan_made", 2, {"steps": ["Name the task", "Guard against irony", "Fix the form of the answer"]}, ""),
        ("round_started", 2, {"round": 1, "orders": [{"operator": "socratic"}, {"operator": "demos"}]}, ""),
        ("request_started", 3, {"operator": "socratic", "parents": ["c-000000start"]}, "0"),
        ("agent_spoke", 3, {"role": "teacher", "skill": "questions", "text": "What would the writer say?"}, "0:a"),
        ("agent_spoke", 3, {"role": "critic", "skill": "judge", "text": "A fair question: it tells no answer."}, "0:b"),
        ("agent_spoke", 3, {"role": "student", "skill": "answer", "text": TEXTS["c-222222quest"]}, "0:c"),
        ("request_finished", 3, {"operator": "socratic", "proposals": 1}, "0"),
        *(("candidate_proposed", 3, _born(name), name) for name in list(TEXTS)[1:3]),
        ("candidate_rejected", 3, {"candidate": "c-rejected", "operator": "demos", "reason": "it says nothing"}, "r"),
        ("batch_finished", 4, {"pairs": 60, "ledger": ledger}, ""),
        ("baseline_measured", 0, {"candidate": "c-000000start", "score": 0.45, "n": 20}, ""),
        ("best_changed", 4, {"candidate": "c-222222quest", "score": 0.65, "low": 0.43, "high": 0.82, "n": 20}, "b1"),
        ("round_finished", 4, {"round": 1, "kept": 1, "dropped": 1, "ledger": ledger}, "1"),
        ("candidate_dropped", 4, {"candidate": "c-111111demos"}, "d1"),
        ("candidate_kept", 4, {"candidate": "c-222222quest"}, "k1"),
        ("round_started", 5, {"round": 2, "orders": [{"operator": "gradient"}, {"operator": "phrase"}]}, "2"),
        ("directive_applied", 5, {"directive": {"kind": "hint", "text": "mind irony"}, "number": 1}, "1"),
        *(("candidate_proposed", 6, _born(name), name) for name in list(TEXTS)[3:]),
        ("batch_finished", 7, {"pairs": 60, "ledger": {**ledger, "target_calls": 120, "tokens": 19000}}, "2"),
        ("best_changed", 7, {"candidate": "c-444444gradi", "score": 0.8, "low": 0.58, "high": 0.92, "n": 20}, "b2"),
        ("candidate_dropped", 7, {"candidate": "c-555555child"}, "d2"),
        ("test_opened", 8, {"rows": 20}, ""),
        ("report_written", 8, {"verdict": "improved", "ledger": {**ledger, "target_calls": 160}}, ""),
        ("run_finished", 8, {"best": "c-444444gradi"}, ""),
    ]
    return [
        Event(
            run=RUN, kind=kind, step=step, key=f"{step}:{kind}:{key}", data=data, at=f"2026-11-21T10:00:{n:02d}+00:00"
        )  # type: ignore[arg-type]
        for n, (kind, step, data, key) in enumerate(facts)
    ]


def _said(kind: Any, data: dict[str, Any]) -> Event:
    return Event(run=RUN, kind=kind, step=5, key=f"5:{kind}:late", data=data, at="2026-11-21T10:00:21+00:00")


PAUSE = [_said("directive_applied", {"directive": {"kind": "pause"}, "number": 1}), _said("run_paused", {})]
ASK = [_said("approval_asked", {"target": 40, "optimizer": 3})]


def _at(second: int) -> str:
    return f"2026-11-21T10:00:{second:02d}+00:00"


def _born(name: str) -> dict[str, Any]:
    one = next(row for row in PEOPLE if row[0] == name)
    return {"candidate": name, "operator": one[1], "parents": list(one[2])}


def _scored(task: Task, split: Any, name: str, right: int) -> list[Evaluation]:
    rows = list(task.data[split])
    order = list(range(len(rows)))
    seeded_random(7, name, split).shuffle(order)
    done = []
    for place, row in zip(order, rows, strict=True):
        good, lost = place < right, place == len(rows) - 1
        wanted = row.outputs[0]
        said = "I cannot say." if lost else wanted if good else {"positive": "negative"}.get(wanted, "positive")
        score = Score(value=float(good), failure="format" if lost else None, feedback=None if good else "look again")
        done.append(
            Evaluation(
                candidate=name,
                example=row.id,
                split=split,
                output=said,
                answer=None if lost else said,
                score=float(good),
                scores={"exact": score},
                step=4 if name in list(TEXTS)[:3] else 7,
            )
        )
    return done


async def _fill(store: Store, task: Task) -> None:
    candidates = [
        Candidate(
            id=name,
            program=Program.of(TEXTS[name]),
            operator=operator,
            parents=parents,
            rationale="" if operator == "start" else "the answers missed irony",
            status="racing",
            round=0 if not parents else 1 if name in list(TEXTS)[:3] else 2,
            step=1 if not parents else 3 if name in list(TEXTS)[:3] else 6,
        )
        for name, operator, parents, _ in PEOPLE
    ]
    for run, state in STATES.items():
        await store.create_run(
            RunRecord(
                id=run,
                task="reviews",
                task_json=task.model_dump_json(by_alias=True),
                recipe="mars",
                state=state,  # type: ignore[arg-type]
                best="c-444444gradi",
                best_score=0.8,
                calls=164,
                started="2026-11-21T10:00:00+00:00",
                budget_json=Budget(calls=300).model_dump_json(),
                pid=2**22 + 1 if run == GONE else os.getpid(),
            )
        )
        await store.save_examples(run, [(s, row) for s in ("train", "val", "test") for row in task.data[s]])
        await store.save_candidates(run, candidates)
        verdicts = [StatusChange(candidate=name, step=8, status=status) for name, _, _, status in PEOPLE]  # type: ignore[arg-type]
        await store.save_status_changes(run, verdicts)
    val = [one for name, *_ in PEOPLE for one in _scored(task, "val", name, RIGHT[name])]
    for run in STATES:
        await store.save_evaluations(run, val)
    await store.append_events(log())
    for run, more in ((GONE, []), (LIVE, []), (PAUSED, PAUSE), (ASKING, ASK)):
        await store.append_events([one.model_copy(update={"run": run}) for one in [*log()[:18], *more]])
    turn = DialogueTurn(
        step=6,
        place="0:a",
        role="critic",
        skill="gradient",
        messages=(Message(role="user", content="Why did it fail?"),),
        raw="It takes irony at its word.",
        at="2026-11-21T10:00:20+00:00",
    )
    await store.save_dialogue(RUN, turn)
    measured = ReportMeasurements(
        start=_scored(task, "test", "c-000000start", 8), best=_scored(task, "test", "c-444444gradi", 18)
    )
    used = {"target": Cost(calls=160, tokens=20000), "optimizer": Cost(calls=4, tokens=900)}
    report = build_report(
        run=RUN,
        task=task,
        recipe="mars",
        seed=0,
        archive=Archive(candidates, val),
        best="c-444444gradi",
        measured=measured,
        ledger=LedgerView(used=used, paid=used, seconds=61.0),
    )
    await store.save_report(RUN, report.model_dump_json())


def lines(app: MaieuticApp, name: str) -> LineList:
    return app.screen.query_one(f"#{name}", LineList)
