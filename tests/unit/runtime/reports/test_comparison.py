"""Several runs beside each other."""

from dataclasses import replace

import pytest
from maieutic.core.report import ExampleScores, Report
from maieutic.core.stats.tests import compare_paired
from maieutic.core.task import EvaluatorSpec
from maieutic.runtime.reports.comparison import compare_reports
from maieutic.runtime.reports.comparison_texts import comparison_html, comparison_markdown, comparison_terminal
from maieutic.runtime.reports.run_facts import RunFacts
from rich.cells import cell_len


def scored(report: Report, run: str, best: list[float], first: int = 0) -> Report:
    rows = tuple(ExampleScores(id=f"e-{i}", start=0.0, best=score) for i, score in enumerate(best, first))
    return report.model_copy(update={"run": run, "rows": rows})


def test_winners_are_compared_on_common_examples_alone(report: Report, facts: RunFacts) -> None:
    first, second = scored(report, "r-1", [0.0] * 20), scored(report, "r-2", [1.0] * 20, first=10)
    line = compare_reports([(first, facts), (second, facts)]).differences[0]
    assert (line.run, line.first, line.n, line.verdict) == ("r-2", "r-1", 10, "improved")
    assert line.difference == compare_paired([0.0] * 10, [1.0] * 10, seed=3)


@pytest.mark.parametrize(
    ("update", "evaluators", "why"),
    [
        ({"rows": ()}, ("exact",), "the runs share no scored example"),
        ({"split": "val"}, ("exact",), "one of the runs has no held-out test"),
        ({}, ("f1",), "the runs have different metrics"),
    ],
)
def test_what_cannot_be_compared_says_why(
    report: Report, facts: RunFacts, update: dict[str, object], evaluators: tuple[str, ...], why: str
) -> None:
    first = scored(report, "r-1", [0.0, 1.0])
    second = scored(report, "r-2", [1.0, 1.0]).model_copy(update=update)
    task = facts.task.model_copy(update={"evaluators": tuple(EvaluatorSpec(use=name) for name in evaluators)})
    line = compare_reports([(first, facts), (second, replace(facts, task=task))]).differences[0]
    assert (line.gain, line.difference, line.verdict) == (why, None, None)


def test_all_renderers_have_every_run(report: Report, facts: RunFacts) -> None:
    runs = [(scored(report, f"r-{i}", [float(i > 1)] * 8), facts) for i in range(1, 4)]
    comparison = compare_reports(runs)
    lines = comparison_terminal(comparison, 60)
    assert all(cell_len(line.text) <= 60 for line in lines)
    for text in (
        comparison_html(comparison),
        comparison_markdown(comparison),
        "\n".join(line.text for line in lines),
    ):
        assert all(f"r-{i}" in text for i in range(1, 4))
        assert "+100.0 points" in text
        assert "2 comparisons are shown" in " ".join(text.split())
        assert "<script>" not in text.partition("<main>")[2].partition("</main>")[0]
