"""The report on a terminal."""

import pytest
from maieutic.core.report import Report
from maieutic.core.terminal import clean
from maieutic.runtime.reports.document_builder import build_document
from maieutic.runtime.reports.run_facts import RunFacts
from maieutic.runtime.reports.terminal import render_terminal
from rich.cells import cell_len


@pytest.mark.parametrize("width", [60, 120])
def test_lines_fit_and_commands_stay_whole(measured: Report, facts: RunFacts, width: int) -> None:
    document = build_document(measured, facts)
    lines = [line.text for line in render_terminal(document, width)]
    assert all(cell_len(clean(line)) <= width for line in lines if line not in document.reproduce)
    assert set(document.reproduce) <= set(lines)


def test_a_narrow_terminal_has_the_claim_the_axis_and_the_change(measured: Report, facts: RunFacts) -> None:
    lines = [line.text for line in render_terminal(build_document(measured, facts), 60)]
    assert lines[0] == "tickets <b>: improved"
    assert "best  ····················━━━●━━······ 0.73 (0.63 to 0.81)" in [line for line in lines if "best  " in line]
    assert "  Sort it{+ & say <why>+}." in lines
    assert "worse" in next(line for line in lines if line.startswith("worse: "))


def test_the_style_repeats_the_verdict(measured: Report) -> None:
    def style(verdict: str) -> str:
        document = build_document(measured.model_copy(update={"verdict": verdict}))
        return render_terminal(document, 120)[1].style

    assert [style(v) for v in ("improved", "worse", "no evidence of improvement")] == ["good", "bad", "warn"]


def test_markdown_and_terminal_have_the_numbers_of_the_page(measured: Report, facts: RunFacts) -> None:
    from maieutic.runtime.reports.html import render_html
    from maieutic.runtime.reports.markdown import render_markdown

    document = build_document(measured, facts)
    terminal = " ".join(line.text.strip() for line in render_terminal(document, 120))
    for text in (render_html(document), render_markdown(document), terminal):
        assert document.headline in text
        assert document.costs[1].best in text
        assert "$0.1000" in text
