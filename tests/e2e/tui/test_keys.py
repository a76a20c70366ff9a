"""What a person does with the keys, and what stands in the store afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.directives import Hint
from maieutic.core.errors import UsageError
from maieutic.runtime.monitor.snapshot import LiveSource
from maieutic.runtime.steering.catalog import DIRECTIVE_SPECS
from maieutic.runtime.store import Store
from maieutic.tui.app import MaieuticApp
from maieutic.tui.keys import load_keymap
from maieutic.tui.replay import ReplaySource
from maieutic.tui.routes import all_bindings
from maieutic.tui.screens.duel import DuelPage
from maieutic.tui.steer import parse_key_values
from maieutic.tui.widgets.keybar import Keybar
from maieutic.tui.widgets.line_list import LineList
from maieutic.tui.widgets.pane_tabs import PaneTabs, tabs_line
from textual.pilot import Pilot
from textual.widgets import Input

Settle = Callable[[Pilot[None]], Awaitable[None]]
HandOf = Callable[[Pilot[None]], Any]
Still = Callable[..., MaieuticApp]
See = Callable[[MaieuticApp], str]
OPEN, LIVE = "20261121-110000-bbbb", "20261121-120000-cccc"


def told(folder: Path) -> list[dict[str, Any]]:
    with Store.open(folder, read_only=True) as store:
        return [directive.model_dump() for _, directive in store.directives(OPEN)]


async def test_a_hint_is_previewed_and_written(own: Path, hand_of: HandOf, settle: Settle) -> None:
    app = MaieuticApp(own, run=OPEN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await hand_of(pilot).previews("h", "mind irony")
        assert told(own) == []
        await pilot.press("enter")
        await settle(pilot)
    assert told(own) == [{"kind": "hint", "text": "mind irony"}]


async def test_who_leaves_has_said_nothing(own: Path, hand_of: HandOf, settle: Settle) -> None:
    app = MaieuticApp(own, run=OPEN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await hand_of(pilot).asks("h")
        await pilot.press("escape")
        await settle(pilot)
        assert not app.screen.query_one("#ask").has_class("-open")
        assert isinstance(app.focused, LineList)
    assert told(own) == []


async def test_a_veto_and_an_edit_take_the_row_under_the_cursor(own: Path, hand_of: HandOf, settle: Settle) -> None:
    app = MaieuticApp(own, run=OPEN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        hand = hand_of(pilot)
        await hand.press("down")
        await hand.previews("v", "yes")
        await pilot.press("enter")
        await settle(pilot)
        await hand.previews("e", text="Positive or negative?")
        await pilot.press("enter")
        await settle(pilot)
    veto, edit = told(own)
    assert (veto["kind"], veto["candidate"], veto["branch"]) == ("veto", "c-111111demos", True)
    assert (edit["kind"], edit["candidate"]) == ("edit", "c-111111demos")
    assert edit["prompt"]["instruction"] == "Positive or negative?"


async def test_the_selected_candidates_prompt_can_be_taken_away(own: Path, hand_of: HandOf, settle: Settle) -> None:
    app = MaieuticApp(own, run=OPEN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await hand_of(pilot).press("down")
        await hand_of(pilot).press("Y")
        await settle(pilot)
        copied = app.clipboard
    assert copied.startswith("Say whether the review praises or pans the film. Look at the worked cases first.")
    assert copied.endswith("{input}")


async def test_a_view_may_be_read_only(own: Path, hand_of: HandOf, settle: Settle) -> None:
    app = MaieuticApp(own, run=OPEN, read_only=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)
        said = [one.message for one in app._notifications]
    assert said == ["this view is read-only; start it with --steer to steer from here"]


async def test_a_dead_run_is_called_so_and_the_way_back_is_named(
    own: Path, settle: Settle, screen: Callable[[MaieuticApp], str]
) -> None:
    app = MaieuticApp(own, run=OPEN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        seen = screen(app)
    assert "process gone" in seen
    assert "g resumes the run" in seen


async def test_a_filter_keeps_what_it_names(own: Path, hand_of: HandOf, settle: Settle) -> None:
    app = MaieuticApp(own, run=OPEN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await hand_of(pilot).asks("slash")
        app.screen.query_one("#ask-input", Input).value = "socratic"
        await pilot.press("enter")
        await settle(pilot)
        tree = app.screen.query_one("#lineage", LineList)
        assert (tree.key, len(tree.text.splitlines())) == ("c-222222quest", 1)


async def test_a_duel_is_blind_and_its_verdict_names_the_right_side(own: Path, hand_of: HandOf, settle: Settle) -> None:
    app = MaieuticApp(own, run=OPEN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("c", "end", "c", "D")
        await settle(pilot)
        page = app.screen
        assert isinstance(page, DuelPage)
        left = page.pane("left").text.strip()
        await pilot.press("left")
        await settle(pilot)
    (verdict,) = told(own)
    winner = verdict["a"] if verdict["margin"] > 0 else verdict["b"]
    with Store.open(own, read_only=True) as store:
        said = {one.example: one.output for one in store.evaluations(OPEN, candidate=winner)}
    assert said[verdict["example"]] == left


async def test_a_replay_can_be_scrubbed(own: Path) -> None:
    now = [0.0]
    with Store.open(own, read_only=True) as store:
        feed = ReplaySource(store, "20261121-100000-aaaa", speed=1.0, clock=lambda: now[0])
        now[0] = 5.0
        first = feed.read()
        feed.toggle()
        feed.seek(20)
        later = feed.read()
        feed.seek(6)
        again = feed.read()
    assert first.replay is not None
    assert again.timeline == first.timeline
    assert (first.replay.position, later.timeline.view.number, again.timeline.view.number) == (6, 20, 6)
    assert later.leaderboard.cursor > first.leaderboard.cursor


def test_every_action_has_a_key_of_its_own_and_a_name_to_remap() -> None:
    keys = [one.key for one in DIRECTIVE_SPECS]
    assert len(set(keys)) == len(keys)
    assert {f"steer.{one.name}" for one in DIRECTIVE_SPECS} <= set(all_bindings())


def test_keys_are_read_and_what_is_wrong_with_them_is_said(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    assert load_keymap(file, ["quit"]).bindings == {}
    file.write_text('[keys]\nsteer.pause = "ctrl+z"\nquit = ["Q", "x"]\nnone.such = "y"\n')
    keys = load_keymap(file, ["quit", "steer.pause"])
    assert keys.bindings == {"steer.pause": "ctrl+z", "quit": "Q,x"}
    assert keys.errors == (f"{file}: there is no binding 'none.such'",)
    file.write_text("[keys")
    assert "keys.toml" in load_keymap(file, []).errors[0]


async def test_a_click_on_a_name_shows_its_pane(still: Still, settle: Settle) -> None:
    app = still(LIVE)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        strip = app.screen.query_one(PaneTabs)
        at = strip.line
        assert [text.strip(" []") for text, _ in at][3] == "4 scoreboard"
        await pilot.click(PaneTabs, offset=(sum(len(text) for text, _ in at[:3]) + 2, 0))
        await settle(pilot)
        assert app.page is not None
        assert app.page.active_pane == "scoreboard"
        assert "[4 scoreboard]" in "".join(text for text, _ in strip.line)


@given(st.lists(st.text("ab ·", min_size=1, max_size=30), min_size=1, max_size=5), st.integers(30, 120))
def test_no_pane_falls_off_the_strip(titles: list[str], width: int) -> None:
    line = tabs_line(titles, len(titles) - 1, width)
    assert len(line) == len(titles)
    assert sum(len(text) for text, _ in line) <= width or width < 9 * len(titles)


async def test_a_click_on_a_hint_is_its_key(still: Still, settle: Settle, hand_of: HandOf) -> None:
    app = still(LIVE)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        bar = app.screen.query_one(Keybar)
        told = "".join(text for text, _ in bar._line(bar.size.width))
        await pilot.click(Keybar, offset=(told.index("Pause"), 0))
        await hand_of(pilot).until(lambda: app.pages[-1].bar.question_count > 0)
        assert hand_of(pilot).question.startswith("Pause")


async def test_the_last_view_comes_back_as_it_was(still: Still, settle: Settle, hand_of: HandOf) -> None:
    app = still(LIVE)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for keys, about in (("down enter", "candidate"), ("escape", "run"), ("minus", "candidate")):
            await hand_of(pilot).press(*keys.split())
            await settle(pilot)
            assert app.page is not None
            assert app.page.page_name == about
        assert app.page.selected_arguments["candidate"] == "c-111111demos"


async def test_what_was_told_is_shown_until_it_is_heard(
    own: Path, settle: Settle, screen: See, hand_of: HandOf
) -> None:
    """A run hears between two steps; until then a person sees that the word has arrived."""
    with Store.open(own) as store:
        await store.add_directive(LIVE, Hint(text="mind irony"))
        await store.add_directive(LIVE, Hint(text="be brief"))
    app = MaieuticApp(own, run=LIVE)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        # What waits is read at the next look at the store, which a loaded machine delays.
        pending = "pending: 2 hint (applied after the current step)"
        await hand_of(pilot).until(lambda: pending in screen(app))
        assert pending in screen(app)


def test_time_goes_on_from_the_newest_event_whoever_looks(folder: Path) -> None:
    """Two people who attach at different moments see the same time."""
    with Store.open(folder, read_only=True) as store:
        newest = datetime.fromisoformat(store.events(LIVE)[-1].at)
        feeds = [LiveSource(store, LIVE, now=lambda: newest + timedelta(seconds=90)) for _ in range(2)]
        feeds[0].read()
        first, second = feeds[0].read(), feeds[1].read()
    assert first.seconds == second.seconds == first.timeline.view.seconds + 90


def test_several_things_are_answered_at_once() -> None:
    assert parse_key_values("calls 500, minutes=20", ("calls", "minutes")) == {"calls": "500", "minutes": "20"}
    assert parse_key_values("", ("calls", "minutes")) == {}
    with pytest.raises(UsageError, match="no 'cals'"):
        parse_key_values("cals 5", ("calls", "minutes"))
    with pytest.raises(UsageError, match="minutes lacks a value"):
        parse_key_values("calls 5 minutes", ("calls", "minutes"))


async def test_keys_typed_ahead_of_a_question_are_its_answer(
    own: Path, hand_of: HandOf, settle: Settle, screen: See
) -> None:
    """All keys are there before the first question is shown."""
    app = MaieuticApp(own, run=OPEN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for key in ("h", *"irony", "enter", "enter"):
            app.simulate_key(key)
        await hand_of(pilot).until(lambda: bool(told(own)), "the hint")
        for key in ("colon", *"replan", "enter", "enter", "colon", *"runs", "enter", "o"):
            app.simulate_key(key)
        await hand_of(pilot).until(lambda: len(told(own)) == 2, "the new plan")
        await hand_of(pilot).until(lambda: "runs · best first" in screen(app), "the list of runs in its new order")
    assert told(own) == [{"kind": "hint", "text": "irony"}, {"kind": "replan"}]
