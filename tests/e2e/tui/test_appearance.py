"""How it looks: themes that differ and can be read, no colour where none is wanted, ASCII where nothing else is there,
and nothing that colour alone tells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from itertools import combinations
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from maieutic.core.dataset import Example
from maieutic.core.score import Evaluation
from maieutic.runtime.monitor.run_view import CandidateStatus, CandidateView
from maieutic.tui.app import MaieuticApp
from maieutic.tui.format.styles import Monochrome, contrast_ratio, styles_by_tone
from maieutic.tui.format.text import ASCII, UNICODE, Glyphs, Tone, plain_text
from maieutic.tui.format.themes import THEMES
from maieutic.tui.lines.diff import diff_lines
from maieutic.tui.lines.lineage import candidate_state
from maieutic.tui.lines.paired_examples import ExamplePair, pair_lines
from maieutic.tui.lines.status import status_pill
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot
from textual.theme import Theme

RUN, LIVE = "20261121-100000-aaaa", "20261121-120000-cccc"
GROUNDS = ("background", "surface", "panel", "cursor", "cursor-focus")
READABLE = 4.5
Settle = Callable[[Pilot[None]], Awaitable[None]]
HandOf = Callable[[Pilot[None]], Any]
Still = Callable[..., MaieuticApp]


def variables(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


@pytest.mark.parametrize("theme", THEMES, ids=lambda one: one.name)
def test_every_tone_can_be_read_on_every_ground(theme: Theme) -> None:
    known = variables(theme)
    looks = styles_by_tone(known)
    assert set(get_args(Tone)) <= set(looks)
    for ground in GROUNDS:
        for tone in get_args(Tone):
            colour = looks[tone].color
            seen = Color.from_rich_color(colour) if colour else Color.parse(known["foreground"])
            assert contrast_ratio(seen, Color.parse(known[ground])) >= READABLE, (tone, ground)


def test_the_themes_differ_in_every_tone_that_has_a_colour() -> None:
    looks = [styles_by_tone(variables(one)) for one in THEMES]
    for one, other in combinations(looks, 2):
        for tone in ("dim", "good", "bad", "warn", "accent", "best", "teacher", "critic", "student", "planner"):
            assert one[tone].color != other[tone].color, tone


@pytest.mark.parametrize("theme", THEMES, ids=lambda one: one.name)
def test_the_line_under_the_cursor_and_frames_stand_out(theme: Theme) -> None:
    known = {name: Color.parse(said) for name, said in variables(theme).items() if name in (*GROUNDS, "frame")}
    assert (
        contrast_ratio(known["cursor-focus"], known["background"])
        > contrast_ratio(known["cursor"], known["background"])
        > 1.1
    )
    assert contrast_ratio(known["frame"], known["background"]) > 2


async def test_no_colour_is_none(
    still: Still, settle: Settle, hand_of: HandOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = still(RUN)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        coloured = [one for one in segments(app) if one.style and (one.style.color or one.style.bgcolor)]
        bold = [one for one in segments(app) if one.style and one.style.bold]
    assert coloured == []
    assert bold, "what colour told is told by weight"


def test_a_ground_that_stands_out_is_reversed() -> None:
    ink = Segment("x", Style.parse("#ff0000 on #ffffff"))
    paper = Segment("y", Style.parse("bold red on #111111"))
    out = Monochrome().apply([ink, paper, Segment("z")], Color.parse("#000000"))
    assert [one.style for one in out] == [Style(reverse=True), Style(bold=True), None]


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.slow)], ids=["80x24", "120x40"])
async def test_ascii_means_ascii(size: tuple[int, int], still: Still, settle: Settle, hand_of: HandOf) -> None:
    """Frames, bars, signs, keys: all of the interface's own words; what the run wrote is in ASCII here."""
    app, wrong = still(RUN, ascii_only=True), dict[str, str]()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys in ("", "P", "question_mark", "n", "R", "4 enter", "c 4 end c", "c 4 end c D", "ctrl+p", "colon"):
            await hand_of(pilot).press("1", "home", *keys.split())
            await settle(pilot)
            strange = "".join(sorted({letter for one in segments(app) for letter in one.text if not letter.isascii()}))
            if strange:
                wrong[keys] = strange
            app.clear_notifications()
            while app.page is None or app.page.page_name != "run" or app.page.bar.accepts_keys:
                await hand_of(pilot).press("escape")
                await settle(pilot)
    assert wrong == {}


def segments(app: MaieuticApp) -> Iterator[Segment]:
    for strip in app.screen._compositor.render_strips():
        yield from strip


@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_signs_and_words_tell_what_colours_tell(signs: Glyphs) -> None:
    fates = [candidate_state(CandidateView(id="c-1", status=fate), "", signs) for fate in get_args(CandidateStatus)]
    fates.append(candidate_state(CandidateView(id="c-1"), "c-1", signs))
    assert len({sign for sign, _, _ in fates}) == len(fates)
    assert len({word for _, _, word in fates}) == len(fates)
    states = ("running", "paused", "stopped", "finished", "failed", "dead")
    pills = {status_pill(SimpleNamespace(state=one, replay=None), signs)[0] for one in states}  # type: ignore[arg-type]
    assert len(pills) == len(states)


def test_flips_and_diffs_are_told_by_signs() -> None:
    def said(score: float) -> Evaluation:
        return Evaluation(candidate="c-1", example="r", split="val", output="", answer="", score=score)

    row = Example(id="r", input="a row", outputs=("x",))
    flips = [ExamplePair(example=row, a=said(a), b=said(b)) for a, b in ((0, 1), (1, 0), (1, 1))]
    assert [plain_text(line)[0] for line in pair_lines(flips, 40)] == ["+", "-", "="]
    assert [plain_text(line)[0] for line in diff_lines("a\nb", "a\nc", 40)] == [" ", "-", "+"]
