"""Trees, rulers, plots and words: pure functions, no Textual."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.events import Event, EventKind
from maieutic.runtime.monitor.event_messages import message_for
from maieutic.runtime.monitor.leaderboard import Leaderboard, ScoreTally
from maieutic.runtime.monitor.run_timeline import CurvePoint, RunTimeline
from maieutic.runtime.monitor.run_view import CandidateView
from maieutic.runtime.monitor.snapshot import RunSnapshot
from maieutic.runtime.store import RunRecord
from maieutic.tui.format.text import ASCII, UNICODE, cell_count, fit, plain_text, sanitize, wrap
from maieutic.tui.lines.diff import diff_lines
from maieutic.tui.lines.lineage import LineageLines, layout, lineage_extent
from maieutic.tui.lines.plot import score_plot
from maieutic.tui.lines.scoreboard import log_lines
from maieutic.tui.lines.status import status_lines
from maieutic.tui.widgets.breadcrumbs import breadcrumb_text
from rich.cells import cell_len


@st.composite
def families(draw: st.DrawFn) -> dict[str, CandidateView]:
    size = draw(st.integers(1, 30))
    people = {"n0": CandidateView(id="n0", operator="start", status="kept")}
    for n in range(1, size):
        parents = draw(st.lists(st.sampled_from([f"n{k}" for k in range(n)]), max_size=2))
        people[f"n{n}"] = CandidateView(id=f"n{n}", operator="phrase", parents=tuple(parents))
    return people


@given(families(), st.sampled_from([UNICODE, ASCII]))
def test_every_candidate_stands_in_the_tree_once(people: dict[str, CandidateView], signs: object) -> None:
    nodes = layout(people, UNICODE, frozenset())
    assert sorted(node.id for node in nodes) == sorted(people)


@given(families())
def test_what_is_folded_is_counted(people: dict[str, CandidateView]) -> None:
    nodes = layout(people, UNICODE, frozenset({"n0"}))
    assert len(nodes) + sum(node.hidden for node in nodes) == len(people)


def test_a_chain_of_five_thousand_is_laid_out_without_recursion() -> None:
    people = {f"n{n}": CandidateView(id=f"n{n}", parents=(f"n{n - 1}",) if n else ()) for n in range(5_000)}
    nodes = layout(people, UNICODE, frozenset())
    assert [node.id for node in nodes] == list(people)
    assert max(len(node.trunk) for node in nodes) < 40


@given(families(), st.integers(24, 140))
def test_a_row_fits_its_width(people: dict[str, CandidateView], width: int) -> None:
    nodes = layout(people, UNICODE, frozenset())
    leaderboard = Leaderboard(tallies={"n0": ScoreTally(n=4, total=3.0, squares=3.0)})
    room = lineage_extent(nodes, people, UNICODE)
    tree = LineageLines(
        nodes=nodes, candidates=people, leaderboard=leaderboard, best="n0", glyphs=UNICODE, width=width, extent=room
    )
    assert all(cell_count(tree[at]) <= width for at in range(len(tree)))


@given(st.text(max_size=60), st.integers(1, 30))
def test_fit_gives_exactly_so_many_cells(text: str, width: int) -> None:
    assert cell_len(fit(sanitize(text).replace("\n", " "), width)) == width


@given(st.text(max_size=120), st.integers(8, 40))
def test_wrap_loses_no_word_and_no_line_is_too_long(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(sanitize(text).split())


def test_what_could_steer_a_terminal_is_taken_out() -> None:
    assert sanitize("a\x1b[31mb\x07\u202ec\ttab") == "a·[31mb··c    tab"


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0, 1)), max_size=20), st.integers(4, 80), st.integers(1, 12))
def test_a_plot_keeps_to_its_size(points: list[tuple[int, float]], width: int, height: int) -> None:
    told = [CurvePoint(calls=calls, score=score) for calls, score in sorted(points)]
    for ascii_only in (False, True):
        lines = score_plot(told, 400, width, height, ascii_only=ascii_only)
        assert len(lines) <= max(1, height)
        assert all(cell_count(line) <= width for line in lines)
        assert not ascii_only or width < 16 or all(plain_text(line).isascii() for line in lines)


def test_a_diff_says_by_sign_what_came_and_what_went() -> None:
    said = [plain_text(line) for line in diff_lines("one\ntwo", "one\nthree", 40)]
    assert said == ["  one", "- two", "+ three"]
    assert plain_text(diff_lines("same", "same", 40)[0]).startswith("no difference")


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (
            "Say whether the review pans the film.",
            "Say whether the review pans the film. Look at the cases first.",
            ["~ Say whether the review pans the film.", "~ {+Look at the cases first.+}"],
        ),
        ("Judge the movie.", "Judge the film.\n\nOne word.", ["~ Judge the [-movie-]{+film+}.", "  ", "+ One word."]),
        ("判断影评是正面。", "请判断影评是正面。", ["~ {+请+}判断影评是正面。"]),
        ("", "Added as a whole.", ["+ Added as a whole."]),
    ],
)
def test_added_words_are_not_everything_changed(before: str, after: str, lines: list[str]) -> None:
    assert [plain_text(line) for line in diff_lines(before, after, 42)] == lines


@given(st.text(max_size=60), st.text(max_size=60), st.integers(14, 60))
def test_a_diff_of_any_texts_fits_its_width(before: str, after: str, width: int) -> None:
    assert all(cell_len(plain_text(line)) <= width for line in diff_lines(before, after, width))


def test_a_failed_run_says_why_in_short_and_in_full() -> None:
    why = "model: nothing answers for openai/x\n  where: http://127.0.0.1:8899/v1\n  what to do: start the server"
    told = Event(run="r", kind="run_failed", key="0:run_failed", number=1, data={"reason": why})
    timeline = RunTimeline.from_events([told])
    snapshot = RunSnapshot(record=RunRecord(id="r", task="t", recipe="mars", state="failed"), timeline=timeline)
    assert plain_text(status_lines(snapshot, UNICODE, 80)[2]).endswith("it failed: model: nothing answers for openai/x")
    full = " ".join(plain_text(line).strip() for line in log_lines(timeline.lines, 40, {}))
    assert "what to do: start the server" in full
    again = Event(run="r", kind="run_resumed", key="1:run_resumed", number=2)
    assert timeline.extend([again]).view.failure == ""


def test_operators_have_the_room_that_names_do_not_need() -> None:
    people = {
        "c-1": CandidateView(id="c-1", operator="start"),
        "c-2": CandidateView(id="c-2", operator="label-balance", parents=("c-1",)),
    }
    nodes = layout(people, UNICODE, frozenset())
    for width, told in ((57, "label-balance"), (26, "label-ba…")):
        room = lineage_extent(nodes, people, UNICODE)
        tree = LineageLines(
            nodes=nodes, candidates=people, leaderboard=Leaderboard(), best="", glyphs=UNICODE, width=width, extent=room
        )
        assert told in plain_text(tree[1])


def test_where_the_crumbs_have_no_room_the_last_one_stays() -> None:
    path = ["maieutic", "runs", "reviews · 20261121-172518-d130", "c-6f67e7 or c-13f164"]
    assert breadcrumb_text(path, UNICODE, 80).startswith("maieutic › runs › reviews")
    assert breadcrumb_text(path, UNICODE, 60) == "… › reviews · 20261121-172518-d130 › c-6f67e7 or c-13f164"
    assert breadcrumb_text(path, ASCII, 24) == "~ > c-6f67e7 or c-13f164"


def test_a_veto_of_a_branch_says_how_many_left_with_it() -> None:
    veto = {"directive": {"kind": "veto", "candidate": "c-1", "branch": True}}
    several = Event(run="r", kind="directive_applied", key="1", data={**veto, "candidates": ["c-1", "c-2", "c-3"]})
    alone = Event(run="r", kind="directive_applied", key="2", data={**veto, "candidates": ["c-1"]})
    assert message_for(several) == "directive applied: veto c-1 and 2 descendants"
    assert message_for(alone) == "directive applied: veto c-1"


def test_pane_lines_of_a_narrow_screen_keep_what_matters() -> None:
    spoken = [
        Event(run="r", kind="answer_unreadable", key=f"{n}:unread", number=n, data={"role": "student"})
        for n in range(1, 13)
    ]
    snapshot = RunSnapshot(
        record=RunRecord(id="r", task="t", recipe="mars"),
        alive=True,
        timeline=RunTimeline.from_events(spoken),
        seconds=5999,
    )
    assert len(plain_text(status_lines(snapshot, UNICODE, 80)[1])) <= 80


@pytest.mark.parametrize(
    ("kinds", "state", "line"),
    [
        (["duel_asked"], "asking", "waiting for you: a blind duel: :duel shows both outputs"),
        (["approval_asked"], "asking", "waiting for you: approval of round 2: y approves it"),
        (["approval_asked", "run_paused"], "paused", "paused: r resumes; then it waits for your answer"),
        (["run_paused"], "paused", "paused: r resumes"),
    ],
)
def test_the_status_names_the_question_that_is_open(kinds: list[EventKind], state: str, line: str) -> None:
    """A run that waited for a duel said that it was paused, and refused to be resumed."""
    data = {"round": 2, "first": "c-1", "second": "c-2"}
    events = [Event(run="r", kind=kind, key=str(n), number=n, data=data) for n, kind in enumerate(kinds, 1)]
    record = RunRecord(id="r", task="t", recipe="apohf", state="paused")
    snapshot = RunSnapshot(record=record, alive=True, timeline=RunTimeline.from_events(events))
    assert snapshot.state == state
    assert plain_text(status_lines(snapshot, UNICODE, 80)[2]).strip() == line
