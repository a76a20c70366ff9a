"""What a reader sees of a report."""

import json

import pytest
from maieutic.core.report import PromptScore, PromptTexts, Report, Winner
from maieutic.runtime.reports.html import to_html
from maieutic.runtime.reports.markdown import to_markdown
from maieutic.runtime.reports.text import summary_lines, to_json


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
    assert text.startswith("# tickets \\<b\\>: improved\n\n**The best prompt scores 12.0 points more than the start")
    assert f"\n````text\n{report.prompt.best}\n````\n" in text
    assert "Sort it{+ & say <why>+}." in text
    assert "- only 12 rows \\<script\\>" in text
    assert "chance alone reaches ±4.0 points" in text
    assert "allowing for the choice among 17, 0.740" in text


def test_a_prompt_that_did_not_change_is_no_difference(report: Report) -> None:
    same = report.model_copy(update={"prompt": PromptTexts(start="a", best="a")})
    assert "no change" in to_markdown(same)
    assert "<ins>" not in to_html(same).partition("unchanged")[2]


@pytest.mark.parametrize(
    ("usd", "paid", "priced", "text"),
    [
        (0.12, 0.1, True, "$0.1200 ($0.1000 paid)"),
        (0.12, 0.1, False, "$0.1200 ($0.1000 paid) for the models with a known price"),
        (0.0, 0.0, True, "no charge"),
        (0.0, 0.0, False, "price unknown"),
        (0.0, 0.0, None, "price unknown"),
        (0.00001, 0.0, True, "less than $0.0001 ($0.00 paid)"),
        (1234.5, 2.0, True, "$1,234.50 ($2.00 paid)"),
    ],
)
def test_an_unknown_price_is_never_a_cost_of_zero(
    report: Report, usd: float, paid: float, priced: bool | None, text: str
) -> None:
    spent = report.model_copy(
        update={"usd": usd, "paid": report.paid.model_copy(update={"usd": paid}), "priced": priced}
    )
    assert f"tokens, {text}, 3 min" in summary_lines(spent)[3]
    assert "$0.0000" not in to_html(spent)
