"""The answer contract: what counts as an answer, and how it is read from an output.

The task sets it and no operator may change it. Reading is tolerant but unambiguous: an output that names one label, in
any case, has that label; one that names two has none, unless a marker such as `Answer:` settles it. Reasoning in
`<think>` is no part of the answer. What cannot be read is a format failure, counted apart from a wrong answer.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .answer_markers import split_reasoning
from .errors import TaskError
from .label_reader import LabelRead, normalize_answer, read_choice, read_label
from .number_reader import read_number, read_reference_number

AnswerType = Literal["text", "label", "choice", "number", "regex", "json", "tag"]

_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


class AnswerContract(BaseModel):
    """What an answer is.

    Attributes:
        type: `text` (the whole output), `label` (one of `labels`), `choice` (a letter), `number` (the last one in
            the output), `regex` (group 1 of `pattern`, or the match), `json` (an object, optionally of `schema`),
            `tag` (the text in `<tag>`).
        labels: The labels, for `label`.
        read: For labels, `mention` accepts one label named anywhere, or the one behind a marker of the answer;
            `last` takes the last one named where no marker stands, for outputs that reason in the open; `whole`
            accepts the label with nothing around it but white space, quotes and a closing full stop.
        pattern: The regular expression, for `regex`.
        json_schema: The JSON schema, for `json`; `schema` in files.
        tag: The name of the tag, for `tag`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    type: AnswerType = "text"
    labels: tuple[str, ...] = ()
    read: LabelRead = "mention"
    pattern: str | None = None
    json_schema: dict[str, Any] | None = Field(default=None, alias="schema")
    tag: str = "answer"

    @model_validator(mode="after")
    def _check_complete(self) -> Self:
        if self.type == "label" and len({label.casefold() for label in self.labels}) < 2:
            raise TaskError(
                "a label contract needs at least two different labels",
                where="[answer] labels",
                remedy='write labels = ["yes", "no"]',
            )
        if self.type == "regex":
            try:
                re.compile(self.pattern or "")
            except re.error as error:
                raise TaskError(f"the pattern cannot be read: {error}", where="[answer] pattern") from error
            if not self.pattern:
                raise TaskError("a regex contract needs a pattern", where="[answer] pattern")
        return self

    @property
    def hint(self) -> str:
        """A plain wording of the contract. Operators may search for a better one."""
        match self.type:
            case "label":
                return f"Answer with one of: {', '.join(self.labels)}."
            case "choice":
                return "Answer with the letter of the right option."
            case "number":
                return "Give the result as a number at the end."
            case "json":
                return "Answer with one JSON object and nothing else."
            case "tag":
                return f"Put the answer in <{self.tag}></{self.tag}>."
            case _:
                return ""

    def read_answer(self, output: str) -> str | None:
        """Read the answer from an output. Pure; never raises.

        Returns:
            The answer, or None if the output holds none, or more than one.
        """
        _, output = split_reasoning(output)
        match self.type:
            case "text":
                return output.strip() or None
            case "label":
                return read_label(output, self.labels, self.read)
            case "choice":
                return read_choice(output)
            case "number":
                return read_number(output)
            case "regex":
                return _read_regex(self.pattern or "", output)
            case "json":
                return _read_json(output, self.json_schema)
            case "tag":
                blocks = re.findall(rf"<{re.escape(self.tag)}>(.*?)</{re.escape(self.tag)}>", output, re.DOTALL)
                return str(blocks[-1]).strip() or None if blocks else None

    def accepts(self, reference: str) -> bool:
        """Whether a reference can be an answer under this contract."""
        match self.type:
            case "label":
                return normalize_answer(reference) in {normalize_answer(label) for label in self.labels}
            case "choice":
                return re.fullmatch(r"\(?[A-Za-z]\)?", reference.strip()) is not None
            case "number":
                return read_reference_number(reference) is not None
            case "json":
                return _read_json(reference, self.json_schema) is not None
            case _:
                return bool(reference.strip())

    def normalize_reference(self, text: str) -> str:
        """Write a reference as an answer is written: `1,000` as `1000`, `(b)` as `B`, a label in its own case.

        Under the other contracts, and if nothing can be read, it stays as it is.
        """
        if self.type == "number":
            return read_reference_number(text) or text
        if self.type not in ("label", "choice", "json"):
            return text
        return self.read_answer(text) or text

    reference = normalize_reference  # The former name, for existing plugins.


def token_f1(tokens: list[str], reference_tokens: list[str]) -> float:
    """F1 of two bags of words, in [0, 1]; two empty bags score 1."""
    if not tokens or not reference_tokens:
        return float(tokens == reference_tokens)
    common = sum((Counter(tokens) & Counter(reference_tokens)).values())
    return 2 * common / (len(tokens) + len(reference_tokens))


def _read_regex(pattern: str, output: str) -> str | None:
    match = re.search(pattern, output, re.DOTALL)
    if match is None:
        return None
    return (match[1] if match.re.groups else match[0]) or None


def _read_json(output: str, schema: dict[str, Any] | None) -> str | None:
    """The last object in the fences, else in the whole output, that fits the schema."""
    for text in [*reversed(_FENCE.findall(output)), output]:
        for value in reversed(_objects_in(text)):
            if schema is None or _matches_schema(value, schema):
                return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return None


def _objects_in(text: str) -> list[dict[str, Any]]:
    """The outermost JSON objects of a text, in order; other braces are skipped."""
    decoder, objects, start = json.JSONDecoder(), list[dict[str, Any]](), text.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        objects.append(value)
        start = text.find("{", end)
    return objects


def _matches_schema(value: Any, schema: dict[str, Any]) -> bool:
    import jsonschema

    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))
