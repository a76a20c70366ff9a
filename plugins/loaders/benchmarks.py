"""Loaders of data sets as their authors publish them: BIG-Bench Hard, Instruction Induction, OpenAI evals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...core.errors import TaskError
from ...runtime.tasks.rows import SourceRow, read_json_lines, read_text


class BigBenchHardLoader:
    """`bbh:word_sorting.json`: an object whose `examples` are a list of `{"input": …, "target": …}`."""

    name: ClassVar[str] = "bbh"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        path = folder / source
        examples = _read_examples(path)
        if not isinstance(examples, list):
            raise _format_error(path, self.name, '{"examples": [{"input": …, "target": …}, …]}')
        return [_to_row(path, number, one, ("input", "target")) for number, one in enumerate(examples, 1)]


class InstructionInductionLoader:
    """`instruction-induction:execute/antonyms.json`: an object whose `examples` are numbered rows.

    An `output` that is a list holds all that is accepted. Rows of cause and effect become an input of both.
    """

    name: ClassVar[str] = "instruction-induction"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        path = folder / source
        examples = _read_examples(path)
        if not isinstance(examples, Mapping):
            raise _format_error(path, self.name, '{"examples": {"1": {"input": …, "output": …}, …}}')
        return [self._row(path, number, one) for number, one in examples.items()]

    def _row(self, path: Path, number: str, one: Any) -> SourceRow:
        if isinstance(one, Mapping) and {"cause", "effect"} <= one.keys():
            # As the paper shows them: both sentences, in an order that tells nothing.
            both = sorted((str(one["cause"]), str(one["effect"])))
            fields = {"input": f"Sentence 1: {both[0]} Sentence 2: {both[1]}", "output": one["cause"]}
            return SourceRow(fields=fields, where=f"{path} example {number}")
        return _to_row(path, number, one, ("input", "output"))


class OpenAIEvalsLoader:
    """`openai-evals:samples.jsonl`: lines of `{"input": messages or a text, "ideal": a text or several}`.

    What the user says is the input; a system message stays beside it as `system`. A sample with turns of an assistant
    becomes one text with the speakers' names.
    """

    name: ClassVar[str] = "openai-evals"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return [self._row(row) for row in read_json_lines(folder / source)]

    def _row(self, row: SourceRow) -> SourceRow:
        given = row.fields.get("input")
        if not given or "ideal" not in row.fields:
            raise TaskError(
                "the row is no sample of OpenAI evals",
                where=row.where,
                possible=sorted(row.fields),
                remedy='write {"input": [{"role": "user", "content": …}], "ideal": …}',
            )
        others = {name: value for name, value in row.fields.items() if name not in ("input", "ideal")}
        fields = {**others, **_conversation_fields(given, row.where), "output": row.fields["ideal"]}
        return SourceRow(fields=fields, where=row.where)


def _conversation_fields(given: Any, where: str) -> dict[str, str]:
    if isinstance(given, str):
        return {"input": given}
    turns = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    if not turns or len(turns) < len(given) or not all(isinstance(one.get("content"), str) for one in turns):
        raise TaskError("the input is no list of messages", where=where, remedy='[{"role": "user", "content": "…"}]')
    system = "\n\n".join(one["content"] for one in turns if one.get("role") == "system")
    spoken = [one for one in turns if one.get("role") != "system"] or turns
    plain = all(one.get("role") == "user" for one in spoken)
    lines = [one["content"] if plain else f"{one.get('role', 'user')}: {one['content']}" for one in spoken]
    text = "\n\n".join(lines)
    return {"input": text, "system": system} if system and spoken is not turns else {"input": text}


def _read_examples(path: Path) -> Any:
    try:
        body = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise TaskError(f"malformed JSON: {error.msg}", where=f"{path}:{error.lineno}") from error
    return body.get("examples") if isinstance(body, Mapping) else None


def _to_row(path: Path, number: object, one: Any, names: tuple[str, str]) -> SourceRow:
    where = f"{path} example {number}"
    if not isinstance(one, Mapping) or not set(names) <= one.keys():
        raise TaskError(f"the example has no {' and '.join(names)}", where=where)
    others = {name: value for name, value in one.items() if name not in names}
    return SourceRow(fields={**others, "input": one[names[0]], "output": one[names[1]]}, where=where)


def _format_error(path: Path, name: str, form: str) -> TaskError:
    return TaskError(f"the file is not as {name} is published", where=str(path), possible=(form,))
