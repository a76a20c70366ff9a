"""Every row of the action table, by its key: what is asked, what is previewed, what stands in the store afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from maieutic.runtime.steering.catalog import DIRECTIVE_SPECS, directive_named
from maieutic.runtime.steering.service import unavailable_reason
from maieutic.tui import steer
from maieutic.tui.app import MaieuticApp
from maieutic.tui.palette import CommandProvider
from textual.pilot import Pilot

RUN, GONE = "20261121-100000-aaaa", "20261121-110000-bbbb"
LIVE, PAUSED, ASKING = "20261121-120000-cccc", "20261121-130000-dddd", "20261121-140000-eeee"
HERE = "c-111111demos"
HandOf = Callable[[Pilot[None]], Any]
Settle = Callable[[Pilot[None]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """before: keys that lead to where it is done. text: for the editor. answers: to the questions, in their order.

    says: words of the preview. row: what the directive holds. words: of the process that begins instead.
    """

    says: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    text: str | None = None
    answers: tuple[str, ...] = ()
    row: dict[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    run: str = LIVE


FLOWS: dict[str, Flow] = {
    "pause": Flow(says="Calls in flight finish"),
    "resume": Flow(says="continues where it paused", run=PAUSED),
    "stop": Flow(says="the search ends without a report", answers=("no",), row={"report": False}),
    "pin": Flow(says=f"{HERE} (demos, dropped) stays active", row={"candidate": HERE}),
    "veto": Flow(says="is excluded", answers=("yes",), row={"candidate": HERE, "branch": True}),
    "edit": Flow(says="A new candidate of 3 words", text="Positive or negative?", row={"candidate": HERE, "slot": ""}),
    "hint": Flow(says="'mind irony'", answers=("mind irony",), row={"text": "mind irony"}),
    "rule": Flow(
        says="where 'long reviews': 'read the end'",
        answers=("long reviews", "read the end"),
        row={"when": "long reviews", "advice": "read the end"},
    ),
    "prefer": Flow(
        says=f"{HERE} is preferred to c-222222quest, by 0.5",
        answers=("c-2222", "margin 0.5"),
        row={"a": HERE, "b": "c-222222quest", "margin": 0.5, "example": None},
    ),
    "annotate": Flow(
        says="becomes 'negative'",
        before=("n",),
        after=("escape",),
        answers=("negative",),
        row={"output": "negative"},
    ),
    "add-example": Flow(
        says="The example joins train",
        text="Not bad, not good.",
        answers=("negative", "train"),
        row={"input": "Not bad, not good.", "output": "negative", "split": "train"},
    ),
    "approve": Flow(says="40 target calls and 3 optimizer calls", answers=("yes",), row={"rest": True}, run=ASKING),
    "budget": Flow(
        says="calls from 300 to 500 (64 used); minutes from no limit to 20", answers=("calls 500, minutes=20",)
    ),
    "roles": Flow(says="the critic is ollama/qwen", answers=("critic", "ollama/qwen"), row={"role": "critic"}),
    "weights": Flow(
        says="phrase is sampled with weight 2", answers=("phrase", "2", ""), row={"name": "phrase", "weight": 2.0}
    ),
    "replan": Flow(says="a new plan in place of the current 3 steps"),
    "fork": Flow(
        says="with recipe protegi and 90 calls starts from",
        answers=("recipe protegi calls 90",),
        words=("fork", LIVE, HERE, "--recipe", "protegi", "--calls", "90", "--json"),
    ),
    "revive": Flow(says="A new process continues the run", words=("resume", GONE, "--json"), run=GONE),
}


def test_no_action_is_without_a_flow() -> None:
    assert set(FLOWS) == {one.name for one in DIRECTIVE_SPECS}


@pytest.mark.parametrize("run", [LIVE, PAUSED, ASKING, GONE])
async def test_a_key_a_preview_and_a_row(
    run: str, own: Path, hand_of: HandOf, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One application for all that can be done to a run in one state."""
    begun: list[list[str]] = []
    monkeypatch.setattr(steer, "start_process", lambda words, log: begun.append(words) or 4321)
    app = MaieuticApp(own, run=run)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for name, flow in FLOWS.items():
            if flow.run != run:
                continue
            before = len(app.store.directives(run))
            hand = hand_of(pilot)
            await hand.press(*flow.before)
            await settle(pilot)
            if not flow.before:
                lineage = app.page.pane("lineage")
                lineage.cursor = lineage._index_of(HERE)
            said = await hand.previews(directive_named(name).key, *flow.answers, text=flow.text)
            assert flow.says.casefold() in said.casefold(), name
            assert len(app.store.directives(run)) == before, f"{name} was sent before it was confirmed"
            await hand.press("enter")
            if flow.words:
                await hand.until(lambda: bool(begun))
                assert [word for word in begun.pop()[3:] if word in flow.words] == list(flow.words)
            else:
                await hand.until(lambda n=before: len(app.store.directives(run)) > n, name)
                (row,) = [told.model_dump() for _, told in app.store.directives(run)][before:]
                assert {"kind": name, **flow.row}.items() <= row.items()
            await settle(pilot)
            await hand.press(*flow.after)
            await settle(pilot)


async def test_what_is_off_says_why(still: Callable[[str], MaieuticApp], hand_of: HandOf, settle: Settle) -> None:
    """On a finished run nearly all is off; each key names the reason."""
    app = still(RUN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert app.snapshot is not None
        reasons = {
            one.name: unavailable_reason(one, app.snapshot.timeline.view, alive=False) for one in DIRECTIVE_SPECS
        }
        off = [one for one in DIRECTIVE_SPECS if reasons[one.name]]
        for one in off:
            app.clear_notifications()
            await hand_of(pilot).press(one.key)
            await settle(pilot)
            assert [said.message for said in app._notifications] == [reasons[one.name]], one.name
    assert {one.name for one in DIRECTIVE_SPECS} - {one.name for one in off} == {"fork"}


async def test_the_palette_lists_each_of_them(still: Callable[[str], MaieuticApp], settle: Settle) -> None:
    app = still(LIVE)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        provider = CommandProvider(app.screen)
        found = [str(hit.text) async for hit in provider.discover()]
        veto = [str(hit.text) async for hit in provider.search("veto")]
        meant = [str(hit.text) async for hit in provider.search("boundary")]
    assert {one.name for one in DIRECTIVE_SPECS} <= set(found)
    assert (veto, meant) == (["veto"], ["add-example"])


async def test_words_after_a_colon_answer_first(own: Path, hand_of: HandOf, settle: Settle) -> None:
    app = MaieuticApp(own, run=LIVE)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        hand = hand_of(pilot)
        assert "is excluded" in await hand.previews("colon", "veto best yes")
        await hand.press("enter")
        await hand.until(lambda: bool(app.store.directives(LIVE)))
        ((_, told),) = app.store.directives(LIVE)
    assert told.model_dump() == {"kind": "veto", "candidate": "c-222222quest", "branch": True}
