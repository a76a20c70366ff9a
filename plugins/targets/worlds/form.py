"""A form that is filled in by asking a simulated user, who answers only what was asked, and truthfully."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ....core.dataset import Example
from ....core.errors import TaskError
from ....core.label_reader import normalize_answer
from .episode import Move

_FIELD_LINE = re.compile(r"^\W*([A-Za-z][\w ]*?)\W*[:=]\s*(\S.*)$", re.MULTILINE)
_REQUEST_FIELD = "request"


class FormWorld:
    """The input is a mapping: `request` is the user's first message, the other fields are what the user knows.

    The output is the form as JSON. A line `field: value` fills a field in; a question that names fields is answered
    for these. Progress is the share of fields with the right value; the dialogue ends when all have it.
    """

    def __init__(self, example: Example) -> None:
        if not isinstance(example.input, Mapping) or len(example.input) < 2:
            raise TaskError(
                "a form needs fields that the user knows",
                where=f"example {example.id}",
                remedy='write {"input": {"request": "I want a table.", "name": "Ada", "people": "4"}, "output": …}',
            )
        values = {str(name): str(value) for name, value in example.input.items()}
        self._request = values.pop(_REQUEST_FIELD, "Hello, I need this form filled in.")
        self._user_values = values
        self._filled: dict[str, str] = {}
        self._answered: set[str] = set()

    def begin(self) -> str:
        empty = ", ".join(self._user_values)
        return (
            f"User: {self._request}\nThe form has the fields: {empty}. All are empty. Ask the user, then fill them in."
        )

    def act(self, action: str) -> Move:
        fields = {normalize_answer(name): name for name in self._user_values}
        notes = self._fill_fields(action, fields)
        requested = [name for key, name in fields.items() if "?" in action and key in normalize_answer(action)]
        again = [name for name in requested if name in self._answered]
        if again:
            notes.append(f"asked again for {', '.join(again)}")
        if not notes and not requested and not _FIELD_LINE.search(action):
            notes.append("neither asked for a field nor filled one in")
        self._answered |= set(requested)
        answer = " ".join(f"My {name} is {self._user_values[name]}." for name in requested)
        empty_fields = [name for name in self._user_values if name not in self._filled]
        reply = answer or ("What do you need to know?" if empty_fields else "Something in the form is not right.")
        return Move(
            observation=f"User: {reply}\nFilled in: {json.dumps(self._filled, ensure_ascii=False)}. "
            f"Empty: {', '.join(empty_fields) or 'nothing'}.",
            progress=self._correct_count() / len(self._user_values),
            done=self._correct_count() == len(self._user_values),
            note="; ".join(notes),
        )

    def _fill_fields(self, action: str, fields: Mapping[str, str]) -> list[str]:
        """Fill in the fields of an action; returns what was wrong with it."""
        notes = []
        for name, value in _FIELD_LINE.findall(action):
            field = fields.get(normalize_answer(name))
            if field is None or "?" in value:
                continue
            self._filled[field] = value.strip()
            if normalize_answer(value) != normalize_answer(self._user_values[field]):
                reason = "which the user had told" if field in self._answered else "which the user was never asked"
                notes.append(f"filled in a wrong {field}, {reason}")
        return notes

    def _correct_count(self) -> int:
        return sum(
            normalize_answer(self._filled.get(name, "")) == normalize_answer(value)
            for name, value in self._user_values.items()
        )
