"""Texts of examples, prompts and models never control the terminal that a command prints to."""

from __future__ import annotations

import asyncio
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.duel import BlindDuel, _prompt_for_choice
from maieutic.cli.errors import print_error
from maieutic.cli.progress import LineProgress, render_panel
from maieutic.core.budget import LedgerView
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.directives import Hint
from maieutic.core.errors import RunFailed
from maieutic.core.events import Event
from maieutic.core.program import Program
from maieutic.core.score import Evaluation, Score
from maieutic.core.task import Task
from maieutic.core.terminal import clean, json_text
from maieutic.runtime.monitor.run_view import RunView
from maieutic.runtime.reports.report_builder import ReportMeasurements, build_report
from maieutic.runtime.store import DialogueTurn, RunRecord, Store
from maieutic.testing import ScriptedModel, StubServer
from rich.console import Console

TITLE, CLIPBOARD, ERASE = "\x1b]0;owned\x07", "\x1b]52;c;cm0gLXJm\x07", "\x1b[2J\x1b[H"
HOSTILE = f"{TITLE}{CLIPBOARD}{ERASE}\x1bPq\x1b\\ \x9b2J \x9d0;owned\x9c \u202eright\u2066left\u2069 \r \x08 end"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
CLI = Path(__file__).parents[3] / "cli"


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    rows = [{"input": f"{n} {HOSTILE}", "output": HOSTILE} for n in range(9)]
    task = Task.create(f"Say {HOSTILE}", train=rows[:3], val=rows[3:6], test=rows[6:], name="task")
    with Store.open(tmp_path / ".maieutic") as store:
        asyncio.run(_fill(store, task.model_copy(update={"name": f"name {HOSTILE}"})))
    return "run-1"


async def _fill(store: Store, task: Task) -> None:
    run = "run-1"
    candidates = [
        Candidate(id="c-start00000", program=task.program, operator="start", status="kept", step=1),
        Candidate(
            id="c-better0000",
            program=Program.of(f"Better {HOSTILE}\nand more."),
            operator=f"gradient {HOSTILE}",
            parents=("c-start00000",),
            rationale=f"because {HOSTILE}",
            step=2,
        ),
    ]
    record = {"task": task.name, "task_json": task.model_dump_json(by_alias=True), "best": "c-better0000"}
    await store.create_run(RunRecord(id=run, recipe=f"auto {HOSTILE}", state="finished", **record))
    await store.save_examples(run, [(s, row) for s in ("train", "val", "test") for row in task.data[s]])
    await store.save_candidates(run, candidates)
    scored = {
        (split, name): [
            Evaluation(
                candidate=name,
                example=row.id,
                split=split,
                output=f"said {HOSTILE}",
                answer=HOSTILE,
                score=0.5,
                scores={"exact": Score(value=0.5, feedback=HOSTILE)},
                step=2,
            )
            for row in task.data[split]
        ]
        for split in ("val", "test")
        for name in ("c-start00000", "c-better0000")
    }
    val = [evaluation for (split, _), rows in scored.items() if split == "val" for evaluation in rows]
    await store.save_evaluations(run, val)
    data = {"task": task.name, "reason": HOSTILE, "rationale": HOSTILE, "candidate": HOSTILE, "recipe": HOSTILE}
    kinds = ("run_started", "candidate_proposed", "candidate_rejected", "run_failed")
    await store.append_events([Event(run=run, kind=kind, key=kind, data=data) for kind in kinds])
    await store.save_dialogue(
        run, DialogueTurn(step=1, place="a", role="critic", skill=f"s {HOSTILE}", raw=f"reply {HOSTILE}")
    )
    await store.add_directive(run, Hint(text=HOSTILE))
    report = build_report(
        run=run,
        task=task,
        recipe="auto",
        seed=0,
        archive=Archive(candidates, val),
        best="c-better0000",
        measured=ReportMeasurements(start=scored["test", "c-start00000"], best=scored["test", "c-better0000"]),
        ledger=LedgerView(),
    )
    await store.save_report(run, report.model_dump_json())


SCREENS = [
    ("runs",),
    ("show",),
    ("show", "run-1", "best"),
    ("diff", "start", "best"),
    ("lineage",),
    ("lineage", "--format", "dot"),
    ("lineage", "--format", "svg"),
    ("scoreboard",),
    ("examples",),
    ("dialogue",),
    ("events",),
    ("report",),
    ("report", "--format", "html"),
    ("resume",),
    ("directives",),
    ("show", "run-1", HOSTILE),
    ("duel", HOSTILE),
]


@pytest.mark.parametrize("words", SCREENS, ids=lambda words: " ".join(words)[:24].split("\x1b")[0])
def test_a_screen_prints_no_control_characters(call: Any, hostile: str, words: tuple[str, ...]) -> None:
    result = call(*words)
    assert result.out or result.err
    assert not RAW.findall(result.out + result.err)


@pytest.mark.parametrize(
    "words", [words for words in SCREENS if "--format" not in words and words[-1] != HOSTILE and words[0] != "resume"]
)
def test_json_escapes_them_and_gives_them_back(call: Any, hostile: str, words: tuple[str, ...]) -> None:
    out = call(*words, "--json").out
    assert not RAW.findall(out)
    values = [json.loads(line) for line in out.splitlines()] if words[0] == "events" else json.loads(out)
    if words[0] not in ("lineage", "scoreboard", "directives"):
        assert "]0;owned\\u0007" in json.dumps(values)


def test_eval_and_compare_print_none(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(ScriptedModel(lambda messages: HOSTILE)) as stub:
        rows = "\n".join(json.dumps({"input": f"{n} {HOSTILE}", "output": HOSTILE}) for n in range(4))
        (tmp_path / "rows.jsonl").write_text(rows)
        (tmp_path / "p.txt").write_text(HOSTILE)
        (tmp_path / "task.toml").write_text(
            f"name = {json.dumps(clean('x') + HOSTILE)}\nprompt = 'Say.'\n[data]\ntest = 'rows.jsonl'\n"
            f"[models]\ntarget = 'openai/stub@{stub.base}'\n"
        )
        for words in (("eval", "task.toml"), ("compare", "task.toml", "p.txt", "p.txt")):
            result = call(*words)
            assert not RAW.findall(result.out + result.err)


def test_live_progress_prints_none(capsys: pytest.CaptureFixture[str]) -> None:
    event = Event(run="r", kind="run_started", key="1", number=1, data={"task": HOSTILE, "recipe": HOSTILE})
    failure = Event(run="r", kind="run_failed", key="2", number=2, data={"reason": HOSTILE})
    view = RunView.from_events([event, failure])
    out = StringIO()
    Console(file=out, width=300, color_system=None).print(render_panel(view, 300))
    for lines in (LineProgress(), LineProgress(as_json=True)):
        lines(event)
        lines(failure)
    assert not RAW.findall(out.getvalue() + capsys.readouterr().out)


def test_a_duel_prints_none(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("q\n"))
    texts = {"input": HOSTILE, "left": HOSTILE, "right": HOSTILE}
    _prompt_for_choice(BlindDuel(first="a", second="b", example="e", left_margin=1, key="k", **texts), 1, 1)
    shown = capsys.readouterr()
    assert not RAW.findall(shown.out + shown.err)


def test_an_error_prints_none(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        print_error(RunFailed(HOSTILE, where=HOSTILE, possible=(HOSTILE,), remedy=HOSTILE), as_json=as_json)
    shown = capsys.readouterr()
    assert not RAW.findall(shown.out + shown.err)


def test_text_of_all_scripts_is_left_alone() -> None:
    text = "naïve café — 中文，日本語 한국어 עברית العربية हिन्दी 👩‍👩‍👧‍👦 ✓\n\ttab"
    assert clean(text) == text
    assert json.loads(json_text({"x": HOSTILE + "\ud83d"})) == {"x": HOSTILE + "\ud83d"}
    assert clean("half \ud83d") == "half ·"


def test_commands_print_through_the_printer_alone() -> None:
    """`app.py` prints the version; `errors.py` the help that typer has formatted."""
    allowed = {"printer.py": 5, "app.py": 1, "errors.py": 1}
    uses = {
        path.name: len(re.findall(r"typer\.(?:echo|secho|prompt|confirm)\b|\bprint\(", path.read_text()))
        for path in CLI.glob("*.py")
    }
    assert {name: count for name, count in uses.items() if count} == allowed
