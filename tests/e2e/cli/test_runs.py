"""Views of a store that holds a finished run and an interrupted one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.usefixtures("folder")
def test_runs_as_json_are_newest_first_with_the_promised_shape(call: Any, ids: Any) -> None:
    rows = call("runs", "--json").json
    assert [row["id"] for row in rows] == [ids.other, ids.run]
    assert {"id", "task", "recipe", "state", "best", "calls", "started"} <= set(rows[0])
    assert rows[1]["state"] == "finished"
    assert rows[1]["calls"] == 42


@pytest.mark.usefixtures("folder")
def test_runs_says_when_no_process_is_left(call: Any, ids: Any) -> None:
    lines = call("runs").out.splitlines()
    assert next(line for line in lines if ids.other in line).split()[3] == "interrupted"
    assert next(line for line in lines if ids.run in line).split()[3] == "finished"


def test_an_empty_folder_has_no_runs_and_gets_no_store(call: Any, tmp_path: Path) -> None:
    assert call("runs", "--json").json == []
    assert "maieutic demo" in call("runs").out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("folder")
def test_show_lists_candidates_with_their_scores(call: Any, ids: Any) -> None:
    found = call("show", ids.run, "--json").json
    assert found["id"] == ids.run
    assert {one["id"]: one["score"] for one in found["candidates"]} == {ids.start: 0.5, ids.best: 0.75}
    text = call("show", ids.run[:-2]).out
    assert text.index(ids.best) < text.index(ids.start)


@pytest.mark.usefixtures("folder")
def test_show_candidate_gives_prompt_change_and_rows(call: Any, ids: Any) -> None:
    out = call("show", ids.run, "best").out
    assert "0.75 on 8 val examples" in out
    assert "+Answer yes where the number is odd" in out
    assert "expected" in out
    found = call("show", ids.run, ids.best, "--json").json
    assert len(found["evaluations"]) == 8
    assert found["parents"] == [ids.start]


@pytest.mark.usefixtures("folder")
def test_diff_of_two_candidates(call: Any, ids: Any) -> None:
    found = call("diff", "start", f"{ids.run}:best", "--run", ids.run, "--json").json
    assert (found["a"], found["b"]) == (ids.start, ids.best)
    assert "-Say yes or no." in found["diff"]
    assert "have the same text" in call("diff", "start", "start").out
    assert call("diff", "start", ids.run, "--json").json["b"] == ids.best


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("form", "sign"), [("mermaid", "-->|gradient|"), ("dot", '[label="gradient"]'), ("graphml", "<graphml")]
)
def test_lineage_in_three_forms(call: Any, ids: Any, form: str, sign: str) -> None:
    assert sign in call("lineage", ids.run, "--format", form).out


@pytest.mark.usefixtures("folder")
def test_lineage_as_json_names_parents(call: Any, ids: Any) -> None:
    found = call("lineage", ids.run, "--json").json
    assert found["edges"] == [{"parent": ids.start, "child": ids.best, "operator": "gradient"}]


@pytest.mark.usefixtures("folder")
def test_report_as_json_has_the_promised_shape(call: Any, ids: Any) -> None:
    found = call("report", ids.run, "--format", "json").json
    assert {"run", "task", "recipe", "seed", "verdict", "tokens", "usd", "seconds"} <= set(found)
    assert {"score", "n"} <= set(found["start"])
    assert {"score", "n", "candidate"} <= set(found["best"])
    assert {"value", "low", "high", "p"} <= set(found["difference"])
    assert {"target", "optimizer"} <= set(found["calls"])
    assert {"start", "best"} <= set(found["prompt"])
    assert call("report", ids.run, "--json").json == found


@pytest.mark.usefixtures("folder")
def test_report_goes_to_a_file(call: Any, ids: Any, tmp_path: Path) -> None:
    done = call("report", ids.run, "--format", "html", "-o", "report.html")
    assert done.code == 0
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert call("report", ids.run, "-o", "no/such/place.md").code == 2


@pytest.mark.usefixtures("folder")
def test_a_pipe_gets_markdown_with_what_the_store_holds(call: Any, ids: Any) -> None:
    text = call("report", ids.run).out
    assert text.startswith("# ")
    assert "## The winner's line" in text
    assert "SHA-256 as the run read them" in text
    assert f"maieutic export {ids.run} --output prompt.txt" in text


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "one report at a time"),
        (("--compare",), "no report yet"),
    ],
)
def test_several_runs_are_compared_or_refused(call: Any, ids: Any, words: tuple[str, ...], message: str) -> None:
    done = call("report", *words, ids.run, ids.other)
    assert done.code == 2
    assert message in done.err


@pytest.mark.usefixtures("folder")
def test_a_comparison_needs_two_different_runs(call: Any, ids: Any) -> None:
    assert "two runs or more" in call("report", "--compare", ids.run).err
    assert "named twice" in call("report", "--compare", ids.run, ids.run).err


@pytest.mark.usefixtures("folder")
def test_a_run_without_a_report_says_what_to_do(call: Any, ids: Any) -> None:
    done = call("report", ids.other)
    assert done.code == 2
    assert "no report yet" in done.err
    assert f"maieutic resume {ids.other}" in done.err


@pytest.mark.usefixtures("folder")
def test_export_takes_the_best_prompt(call: Any, ids: Any) -> None:
    assert "number is odd" in call("export", ids.run).out
    found = call("export", ids.run, "--format", "json").json
    assert found["report"]["run"] == ids.run
    assert "Say yes or no." in call("export", ids.run, "--candidate", "start").out


@pytest.mark.usefixtures("folder")
def test_export_in_an_unknown_form_names_those_there_are(call: Any) -> None:
    done = call("export", "--format", "txt", "--no-plugins")
    assert done.code == 2
    assert "langchain" in done.err


@pytest.mark.usefixtures("folder")
def test_a_reader_who_hangs_up_is_no_error(tmp_path: Path) -> None:
    code = (
        "import os, sys\nread, write = os.pipe()\nos.close(read)\nos.dup2(write, 1)\n"
        "sys.argv = ['maieutic', 'runs', '--json']\nfrom maieutic.__main__ import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stderr == ""


@pytest.mark.usefixtures("folder")
def test_json_views_are_json_on_stdout_alone(call: Any, ids: Any) -> None:
    for words in (["runs"], ["show", ids.run], ["show", ids.run, "start"], ["lineage", ids.run]):
        done = call(*words, "--json")
        assert (done.code, done.err) == (0, ""), words
        assert isinstance(json.loads(done.out), dict | list)


@pytest.mark.usefixtures("folder")
def test_events_are_read_on_from_a_cursor(call: Any, ids: Any) -> None:
    lines = [json.loads(line) for line in call("events", ids.run, "--json").out.splitlines()]
    assert [(line["event"], line["seq"]) for line in lines] == [("run_started", 1)]
    assert call("events", ids.run, "--after", "1", "--json").out == ""
    assert "parity" in call("events", ids.run).out


@pytest.mark.usefixtures("folder")
def test_scoreboard_and_examples_show_the_best_and_the_most_failed_first(call: Any, ids: Any) -> None:
    board = call("scoreboard", ids.run, "--json").json
    assert [(row["place"], row["id"], row["score"], row["n"]) for row in board] == [
        (1, ids.best, 0.75, 8),
        (2, ids.start, 0.5, 8),
    ]
    assert board[0]["low"] < 0.75 < board[0]["high"]
    assert call("scoreboard", ids.run).out.index(ids.best) < call("scoreboard", ids.run).out.index(ids.start)
    rows = call("examples", ids.run, "--json").json
    assert {row["split"] for row in rows} == {"train", "val"}
    assert [row["failed"] for row in rows[:4]] == [2, 2, 1, 1]
    assert rows[0]["failures"][0]["output"] == "said"
    assert "2 of 2" in call("examples", ids.run).out


@pytest.mark.usefixtures("folder")
def test_what_nobody_said_is_an_empty_dialogue(call: Any, ids: Any) -> None:
    assert call("dialogue", ids.run, "--json").json == []
    assert "no dialogue yet" in call("dialogue", ids.run).out


def test_all_actions_are_listed_with_their_arguments(call: Any) -> None:
    found = {one["name"]: one for one in call("actions", "--json").json}
    assert [one["name"] for one in found["veto"]["arguments"]] == ["candidate", "branch"]
    assert found["fork"]["process"] is True
    assert "add-example" in call("directives").out
    assert call("actions").out == call("directives").out
