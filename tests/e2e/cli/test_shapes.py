"""Files of examples as people have them: each is read rightly by `init --yes`, or refused with what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.runtime.tasks.loader import load_task

SHAPES = Path(__file__).parents[2] / "data" / "shapes"
LAST = "Reading 11: the sensor at gate 77 reports, what is it?"

CHAT = [
    {"role": "system", "content": "Class the reading."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Which reading?"},
]
CALL = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"gate": 77}'}}

# File → the input and references of its last row, and the answer type that its references suggest.
READINGS: dict[str, tuple[Any, tuple[str, ...], str]] = {
    "odd_columns.csv": (LAST, ("mild",), "label"),
    "excel_semicolon.csv": (f"{LAST}\nzweite Zeile; mehr", ("mild",), "label"),
    "excel_cp1252.csv": (f"{LAST} Größe für Köln – 5 €", ("heiß",), "label"),
    "pipes.csv": (LAST, ("mild",), "label"),
    "traced_objects.jsonl": ({"report": LAST}, ("mild",), "label"),
    "generated_beside_truth.json": ({"contexts": "the manual\na note", "question": LAST}, ("mild",), "label"),
    "some_unlabelled.jsonl": (LAST, ("mild",), "label"),
    "chat_messages.jsonl": (
        {"messages": [*CHAT, {"role": "user", "content": LAST}]},
        ("mild",),
        "label",
    ),
    "sharegpt.jsonl": (LAST, ("mild",), "label"),
    "amounts_de.jsonl": ("Beleg 11: Summe?", ("12137.5",), "number"),
    "choices_by_index.jsonl": ("What is 11+1?\nA. 11\nB. 12\nC. 13", ("B",), "choice"),
    "choices_by_text.jsonl": ("What is 11+1?\nA. 11 kg\nB. 12 kg", ("B",), "choice"),
    "passage_question.jsonl": (
        {"passage": "Gate 11 opens at nine.", "question": "does gate 11 open at nine"},
        ("false",),
        "label",
    ),
    "premise_hypothesis.jsonl": (
        {"premise": "Gate 11 is open.", "hypothesis": "Gate 11 is shut."},
        ("neutral",),
        "label",
    ),
    "answers_text.jsonl": ({"context": "The answer is 11.", "question": LAST}, ("gate 11 of 121",), "text"),
    "prompt_completion.jsonl": (LAST, ("mild",), "label"),
    "camel_expected.jsonl": (LAST, ("mild",), "label"),
    "snake_expected.jsonl": (LAST, ("mild",), "label"),
    "messages_ideal.jsonl": (
        {"messages": [{"role": "system", "content": "Class it."}, {"role": "user", "content": LAST}]},
        ("mild",),
        "label",
    ),
    "extra_context.jsonl": ({"input": LAST, "additional_context": "unit: K\nsite: S11"}, ("mild",), "label"),
    "instruction_input.jsonl": ({"instruction": "Class the reading.", "input": LAST}, ("mild",), "label"),
    "wrapped.json": (LAST, ("mild",), "label"),
    "lines_named.json": (LAST, ("mild",), "label"),
    "not_a_number.jsonl": (LAST, ("mild",), "label"),
    "tabs.tsv": (LAST, ("mild",), "label"),
    "utf16.csv": (f"{LAST} Größe", ("mild",), "label"),
    "lines.ndjson": (LAST, ("mild",), "label"),
    "numbers_plain.jsonl": ("What is 11+11?", ("22",), "number"),
    "json_outputs.jsonl": (LAST, ('{"class": "mild", "gate": 77}',), "json"),
    "dotted_headers.csv": (LAST, ("mild",), "label"),
    "question_answer.json": (LAST, ("It is mild at gate 77.",), "text"),
    "blank_lines.jsonl": (LAST, ("mild",), "label"),
    "instruction_alone.jsonl": ({"instruction": LAST, "input": ""}, ("mild",), "label"),
    "tool_turns.jsonl": (
        {
            "messages": [
                {"role": "user", "content": LAST},
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "11 K"},
            ]
        },
        ("mild",),
        "label",
    ),
}
REFUSALS = {
    "amounts_unclear.jsonl": (["--answer", "number"], ("'1,5'", "amounts_unclear.jsonl:5", "decimal point")),
    "two_lists.json": ([], ("2 lists of objects", "possible: a, b")),
    "several_outputs.jsonl": ([], ("12 rows have several outputs", "--together", "--alternatives")),
    "foreign_assertions.csv": ([], ("promptfoo's assertions", "promptfoo:")),
    "two_texts.csv": ([], ("no column is plainly the input", "first, second, team", "--input COLUMN")),
    "only_inputs.jsonl": ([], ("no column is plainly the output", "--output COLUMN")),
    "two_headers.csv": ([], ("the header names 'text' twice",)),
    "header_only.csv": ([], ("has no rows",)),
    "no_repeats.csv": ([], ("no column is plainly the output", "--output COLUMN")),
}


def init(call: Any, shape: str, *words: str) -> Any:
    return call("init", "made", "--prompt", "Judge it.", "--data", str(SHAPES / shape), "--yes", *words)


def examples(folder: Path) -> list[Example]:
    return list(load_task(folder / "made").data.examples())


@pytest.mark.parametrize("shape", READINGS)
def test_a_file_with_a_right_reading_becomes_a_task(call: Any, tmp_path: Path, shape: str) -> None:
    done = init(call, shape)
    assert done.code == 0, done.err
    source, outputs, answer = READINGS[shape]
    by_input = {json.dumps(example.input): example.outputs for example in examples(tmp_path)}
    assert by_input[json.dumps(source)] == outputs
    assert len(by_input) == 12
    assert load_task(tmp_path / "made").answer.type == answer


@pytest.mark.parametrize("shape", REFUSALS)
def test_a_file_without_one_is_refused_with_the_remedy(call: Any, tmp_path: Path, shape: str) -> None:
    words, parts = REFUSALS[shape]
    done = init(call, shape, *words)
    assert done.code == 2
    for part in parts:
        assert part in done.err
    assert not (tmp_path / "made").exists()


def test_every_shape_has_a_reading_or_a_refusal() -> None:
    assert {path.name for path in SHAPES.iterdir()} == {*READINGS, *REFUSALS}
    assert len(READINGS) >= 30
    assert len(READINGS) + len(REFUSALS) >= 40


def test_columns_that_are_not_used_are_named(call: Any) -> None:
    done = init(call, "generated_beside_truth.json")
    assert "input ← contexts + question\noutput ← ground_truth\nnot used: answer\n" in done.out
    done = call("data", str(SHAPES / "odd_columns.csv"))
    assert "not used: Nr., Clerk" in done.out
    assert "guessed: output ← Assigned class" in done.out


def test_rows_without_a_label_are_counted_and_stay_as_inputs(call: Any, tmp_path: Path) -> None:
    done = init(call, "some_unlabelled.jsonl")
    assert "2 of 12 rows have no output" in done.out
    data = load_task(tmp_path / "made").data
    assert [len(data.target), sum(bool(example.outputs) for example in data.examples())] == [2, 10]


def test_references_are_written_as_they_stand(call: Any, tmp_path: Path) -> None:
    init(call, "amounts_de.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "made" / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(row["output"].endswith(".137,50 EUR") for row in rows)


def test_options_name_columns(call: Any, tmp_path: Path) -> None:
    done = init(call, "two_texts.csv", "--input", "second", "--output", "team")
    assert done.code == 0, done.err
    assert "some words 3 here" not in [example.input for example in examples(tmp_path)]
    shown = call("data", str(SHAPES / "traced_objects.jsonl"), "--field", "x=inputs.report", "--json").json
    assert (shown["input"], shown["output"]) == ({"x": "inputs.report"}, ["outputs.class"])


@pytest.mark.parametrize(
    ("words", "outputs"), [("--together", {("mild, gate 11",)}), ("--alternatives", {("mild", "gate 11")})]
)
def test_several_outputs_mean_what_the_option_says(call: Any, tmp_path: Path, words: str, outputs: Any) -> None:
    done = init(call, "several_outputs.jsonl", words)
    assert done.code == 0, done.err
    assert {example.outputs for example in examples(tmp_path) if example.input == LAST} == outputs


@pytest.mark.parametrize(
    "prompt",
    [
        "Judge {{ Sensor text (raw) }} now.",
        "Judge {Sensor text (raw)} now.",
        "Judge {{sensor_text_raw}} now.",
    ],
)
def test_placeholders_of_other_tools_name_columns(call: Any, tmp_path: Path, prompt: str) -> None:
    given = ["--data", str(SHAPES / "odd_columns.csv"), "--prompt", f'{prompt} Write {{"a": {{"b": 1}}}}.', "--yes"]
    done = call("init", "made", *given)
    assert done.code == 0, done.err
    first = load_task(tmp_path / "made").data.train[0]
    request = f'Judge {first.text.partition(": ")[2]} now. Write {{"a": {{"b": 1}}}}.'
    assert request in done.out
    assert request in call("estimate", "made").out


def test_a_placeholder_of_no_column_is_refused(call: Any) -> None:
    done = call("init", "made", "--data", str(SHAPES / "pipes.csv"), "--prompt", "Judge {{ reading }}.", "--yes")
    assert done.code == 2
    assert "{{reading}}, which is no column" in done.err
    assert "possible: {{input}}, {{question}}" in done.err
