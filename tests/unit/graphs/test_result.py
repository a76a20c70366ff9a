"""A result in Python: tables, files, text and HTML; all of it without the store where it was saved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from maieutic import Result
from maieutic.core.errors import UsageError
from maieutic.graphs.result_html import result_html
from maieutic.testing.run_harness import RunHarness


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def result(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Result]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUB_KEY", "anything")
        with RunHarness.open(tmp_path_factory.mktemp("runs"), key_env="STUB_KEY") as harness:
            yield await harness.run("random-demos", calls=80)


def test_candidates_are_the_scoreboard(result: Result) -> None:
    rows = result.candidates()
    scores = [row["score"] for row in rows if row["score"] is not None]
    assert scores == sorted(scores, reverse=True)
    assert result.candidate in {row["id"] for row in rows}
    assert {"id", "score", "low", "high", "n", "status", "operator", "parents", "round", "prompt"} == set(rows[0])


def test_examples_are_those_of_the_claim(result: Result) -> None:
    assert result.report is not None
    rows = result.examples()
    assert {row["split"] for row in rows} == {"test"}
    assert sum(row["best_score"] for row in rows) / len(rows) == pytest.approx(result.report.best.score)
    assert sum(row["baseline_score"] for row in rows) / len(rows) == pytest.approx(result.report.start.score)
    assert rows[0]["best_output"]


def test_a_saved_result_needs_no_store(result: Result, tmp_path: Path) -> None:
    saved = result.save(tmp_path / "result.json")
    again = Result.load(saved)
    assert again == result
    assert (again.candidates(), again.examples()) == (result.candidates(), result.examples())
    assert again._repr_html_() == result._repr_html_()
    assert again.config is None


def test_text_and_html_say_verdict_and_prompt(result: Result) -> None:
    assert result.report is not None
    assert str(result).startswith(f"{result.report.verdict}: ")
    assert str(result).endswith(result.prompt.instruction) or result.prompt.instruction in str(result)
    page = result._repr_html_()
    assert f"<strong>{result.report.verdict}: " in page
    assert result.candidate in page


def test_html_escapes_what_models_wrote() -> None:
    page = result_html("<b>", ["<i>"], {"<u>": "<script>alert(1)</script>"}, [{"id": "<p>", "score": 0.5}])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<td>0.500</td>" in page


@pytest.mark.parametrize("text", ["", "{}", '{"format": "other"}', "[]"])
def test_what_is_no_saved_result_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no saved result"):
        Result.load(tmp_path / "x.json")
    with pytest.raises(UsageError, match="no saved result"):
        Result.load(tmp_path / "missing.json")


def test_tables_as_frames(result: Result) -> None:
    pytest.importorskip("pandas")
    assert len(result.to_pandas()) == len(result.candidates())
    assert list(result.to_pandas("examples")["split"].unique()) == ["test"]
    with pytest.raises(UsageError, match="no table 'scores'"):
        result.to_pandas("scores")  # type: ignore[arg-type]


def test_a_result_without_store_or_file_says_so(result: Result, tmp_path: Path) -> None:
    bare = Result(
        run=result.run, state="finished", program=result.program, candidate=result.candidate, report=result.report
    )
    with pytest.raises(UsageError, match="has no store"):
        bare.candidates()
    assert "<strong>" in bare._repr_html_()
    assert result.config is not None
