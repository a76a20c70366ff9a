"""What a reader sees of a report."""

import json
import re
from html.parser import HTMLParser

import pytest
from maieutic.core.report import (
    CallCounts,
    ContentShare,
    Flips,
    FormatShare,
    PaidUsage,
    PromptScore,
    PromptTexts,
    Report,
    ValScores,
    Winner,
    WordCounts,
)
from maieutic.core.stats.tests import Difference, NoiseFloor
from maieutic.runtime.reports.text import prompt_diff, summary_lines, to_html, to_json, to_markdown


@pytest.fixture
def report() -> Report:
    return Report(
        run="r-1",
        task="tickets <b>",
        recipe="mars",
        seed=3,
        split="test",
        verdict="improved",
        start=PromptScore(score=0.61, n=100, low=0.51, high=0.7),
        best=Winner(score=0.73, n=100, low=0.63, high=0.81, candidate="c-7"),
        difference=Difference(value=0.12, low=0.03, high=0.21, p=0.0123, test="exact McNemar"),
        flips=Flips(gained=18, lost=6),
        format=FormatShare(start_failures=9, best_failures=1, gain=0.04),
        content=ContentShare(gain=0.08, n=91, mean=0.088),
        noise_floor=NoiseFloor(difference=0.01, changed=0.05, floor=0.04, n=100),
        tried=17,
        val=ValScores(start=0.6, best=0.8, n=40, shrunk=0.74),
        calls=CallCounts(target=1100, optimizer=34),
        paid=PaidUsage(target=1000, optimizer=34, tokens=50_000, usd=0.1),
        cached=100,
        lost=0,
        tokens=56_000,
        usd=0.12,
        seconds=192,
        words=WordCounts(start=12, best=48),
        prompt=PromptTexts(
            start="[user]\nSort it.\n\n«input»",
            best="[user]\nSort it & say <why>.\n```json\n{}\n```\n\n«input»",
        ),
        warnings=("only 12 rows <script>",),
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_five_lines_say_it_all(report: Report) -> None:
    assert summary_lines(report) == [
        "improved: +12.0 points (95 % interval +3.0 to +21.0, p = 0.012, exact McNemar) on 100 held-out test examples",
        "score 0.610 → 0.730; 18 examples better, 6 worse",
        "of the difference, format +4.0, content +8.0; unreadable answers 9 → 1",
        "cost: 1,134 calls (1,100 target, 34 optimizer, 100 of them from the cache), 56,000 tokens, "
        "$0.1200 ($0.1000 paid), 3 min 12 s",
        "chosen among 17 candidates; prompt 12 → 48 words",
        "note: only 12 rows <script>",
    ]


def test_a_tiny_p_is_a_bound(report: Report) -> None:
    tiny = report.model_copy(update={"difference": report.difference.model_copy(update={"p": 0.0002})})
    assert "to +21.0, p < 0.001, exact" in summary_lines(tiny)[0]


def test_nothing_measured_is_said_in_words(report: Report) -> None:
    empty = report.model_copy(
        update={"start": PromptScore(score=None, n=0), "best": Winner(score=None, n=0, candidate="c-7")}
    )
    assert summary_lines(empty)[:2] == [
        "improved: no example was scored for both prompts",
        "baseline and best: not measured",
    ]
    assert "not measured" in to_markdown(empty)


def test_json_reads_back_as_the_same_report(report: Report) -> None:
    assert Report.model_validate_json(to_json(report)) == report
    assert json.loads(to_json(report))["prompt"]["best"].endswith("«input»")


def test_markdown_fences_hold_whatever_a_prompt_contains(report: Report) -> None:
    text = to_markdown(report)
    assert text.startswith("# tickets \\<b\\>: improved\n\n- **improved: +12.0 points")
    assert f"\n````text\n{report.prompt.best}\n````\n" in text
    assert "\n````diff\n--- baseline\n+++ best\n" in text
    assert "- only 12 rows \\<script\\>" in text
    assert "chance alone reaches ±4.0 points" in text
    assert "allowing for the choice among 17, 0.740" in text


def test_the_diff_shows_each_changed_line(report: Report) -> None:
    lines = prompt_diff(report).splitlines()
    assert "-Sort it." in lines
    assert "+Sort it & say <why>." in lines
    same = report.model_copy(update={"prompt": PromptTexts(start="a", best="a")})
    assert prompt_diff(same) == ""
    assert "no change" in to_html(same)


def test_html_is_one_wellformed_page_that_loads_nothing_and_escapes_all(report: Report) -> None:
    page, reader = to_html(report), _Reader()
    reader.feed(page)
    assert reader.open == []
    assert reader.tags.isdisjoint({"script", "link", "img", "iframe", "why", "b"})
    assert not re.search(r"(src|href)=|url\(|@import|https?:", page)
    assert "Sort it & say <why>." in reader.text
    assert "only 12 rows <script>" in reader.text
    assert "prefers-color-scheme: dark" in page
    assert summary_lines(report)[0] in reader.text


def test_the_picture_puts_the_interval_right_of_zero(report: Report) -> None:
    page = to_html(report)
    zero = re.search(r'x1="([\d.]+)"[^>]*dasharray', page)
    bar = re.search(r'x1="([\d.]+)" y1="40" x2="([\d.]+)" y2="40" stroke="var\(--mark\)"', page)
    assert zero is not None
    assert bar is not None
    assert float(zero[1]) == 320.0 < float(bar[1]) < float(bar[2]) < 640.0
    assert 'aria-label="difference 12.0 points, 95 % interval 3.0 to 21.0, noise floor ±4.0"' in page
