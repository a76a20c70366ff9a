"""Loaders of benchmarks in their published formats: BIG-Bench Hard, Instruction Induction, OpenAI evals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import TaskError
from ...runtime.tasks.rows import SourceRow, read_json_lines, read_text


class BigBenchHardLoader:
    """`bbh:word_sorting.json`: an object whose `examples` are a list of `{"input": …, "target": …}`."""

    name = "bbh"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        path = folder / source
        examples = _read_examples(path)
        if not isinstance(examples, list):
            raise _format_error(path, self.name, '{"examples": [{"input": …, "target": …}, …]}')
        return [_to_row(path, number, record, ("input", "target")) for number, record in enumerate(examples, 1)]


class InstructionInductionLoader:
    """`instruction-induction:execute/antonyms.json`: an object whose `examples` are numbered rows.

    An `output` that is a list has all accepted answers. Rows of cause and effect become an input with both.
    """

    name = "instruction-induction"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        path = folder / source
        examples = _read_examples(path)
        if not isinstance(examples, Mapping):
            raise _format_error(path, self.name, '{"examples": {"1": {"input": …, "output": …}, …}}')
        return [self._row(path, number, record) for number, record in examples.items()]

    def _row(self, path: Path, number: str, record: Any) -> SourceRow:
        if isinstance(record, Mapping) and {"cause", "effect"} <= record.keys():
            # As in the paper: both sentences, in an order that does not reveal the cause.
            both = sorted((str(record["cause"]), str(record["effect"])))
            fields = {"input": f"Sentence 1: {both[0]} Sentence 2: {both[1]}", "output": record["cause"]}
            return SourceRow(fields=fields, where=f"{path} example {number}")
        return _to_row(path, number, record, ("input", "output"))


class OpenAIEvalsLoader:
    """`openai-evals:samples.jsonl`: lines of `{"input": messages or a text, "ideal": a text or several}`.

    The user's messages are the input; a system message becomes the field `system`. A sample with assistant turns
    becomes one text with the speakers' names.
    """

    name = "openai-evals"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return [self._row(row) for row in read_json_lines(folder / source)]

    def _row(self, row: SourceRow) -> SourceRow:
        conversation = row.fields.get("input")
        if not conversation or "ideal" not in row.fields:
            raise TaskError(
                "the row is not a sample of OpenAI evals",
                where=row.where,
                possible=sorted(row.fields),
                remedy='write {"input": [{"role": "user", "content": …}], "ideal": …}',
            )
        others = {name: value for name, value in row.fields.items() if name not in ("input", "ideal")}
        fields = {**others, **_conversation_fields(conversation, row.where), "output": row.fields["ideal"]}
        return SourceRow(fields=fields, where=row.where)


def _conversation_fields(conversation: Any, where: str) -> dict[str, str]:
    if isinstance(conversation, str):
        return {"input": conversation}
    turns = [turn for turn in conversation if isinstance(turn, Mapping)] if isinstance(conversation, list) else []
    if not turns or len(turns) < len(conversation) or not all(isinstance(turn.get("content"), str) for turn in turns):
        raise TaskError("the input is not a list of messages", where=where, remedy='[{"role": "user", "content": "…"}]')
    system = "\n\n".join(turn["content"] for turn in turns if turn.get("role") == "system")
    dialogue = [turn for turn in turns if turn.get("role") != "system"] or turns
    user_only = all(turn.get("role") == "user" for turn in dialogue)
    lines = [turn["content"] if user_only else f"{turn.get('role', 'user')}: {turn['content']}" for turn in dialogue]
    text = "\n\n".join(lines)
    return {"input": text, "system": system} if system and dialogue is not turns else {"input": text}


def _read_examples(path: Path) -> Any:
    try:
        body = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise TaskError(f"malformed JSON: {error.msg}", where=f"{path}:{error.lineno}") from error
    return body.get("examples") if isinstance(body, Mapping) else None


def _to_row(path: Path, number: object, record: Any, names: tuple[str, str]) -> SourceRow:
    where = f"{path} example {number}"
    if not isinstance(record, Mapping) or not set(names) <= record.keys():
        raise TaskError(f"the example has no {' and '.join(names)}", where=where)
    others = {name: value for name, value in record.items() if name not in names}
    return SourceRow(fields={**others, "input": record[names[0]], "output": record[names[1]]}, where=where)


def _format_error(path: Path, name: str, form: str) -> TaskError:
    return TaskError(f"the file is not in the format of {name}", where=str(path), possible=(form,))
