"""A form to be filled in by asking a user, who is simulated: patient, truthful, and answering only what was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ....core.answer import normalize_answer
from ....core.dataset import Example
from ....core.errors import TaskError
from .episode import Move

_FIELD_LINE = re.compile(r"^\W*([A-Za-z][\w ]*?)\W*[:=]\s*(\S.*)$", re.MULTILINE)
_REQUEST_FIELD = "request"


class FormWorld:
    """The row's input is a mapping: `request` is how the user begins, all other fields are what the user knows and what
    the form wants; the output is the form as JSON.

    A line `field: value` fills a field in; a question that names fields is answered for these. Progress is the share
    of fields with the right value; the dialogue ends when all of them have it.
    """

    def __init__(self, example: Example) -> None:
        if not isinstance(example.input, Mapping) or len(example.input) < 2:
            raise TaskError(
                "a form needs fields that the user knows",
                where=f"row {example.id}",
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

    def act(self, said: str) -> Move:
        fields = {normalize_answer(name): name for name in self._user_values}
        notes = self._fill_fields(said, fields)
        asked = [name for key, name in fields.items() if "?" in said and key in normalize_answer(said)]
        again = [name for name in asked if name in self._answered]
        if again:
            notes.append(f"asked again for {', '.join(again)}")
        if not notes and not asked and not _FIELD_LINE.search(said):
            notes.append("neither asked for a field nor filled one in")
        self._answered |= set(asked)
        answer = " ".join(f"My {name} is {self._user_values[name]}." for name in asked)
        left = [name for name in self._user_values if name not in self._filled]
        reply = answer or ("What do you need to know?" if left else "Something in the form is not right.")
        return Move(
            observation=f"User: {reply}\nFilled in: {json.dumps(self._filled, ensure_ascii=False)}. "
            f"Empty: {', '.join(left) or 'nothing'}.",
            progress=self._correct_count() / len(self._user_values),
            done=self._correct_count() == len(self._user_values),
            note="; ".join(notes),
        )

    def _fill_fields(self, said: str, fields: Mapping[str, str]) -> list[str]:
        """Fill in what is said; what was wrong with it."""
        notes = []
        for name, value in _FIELD_LINE.findall(said):
            field = fields.get(normalize_answer(name))
            if field is None or "?" in value:
                continue
            self._filled[field] = value.strip()
            if normalize_answer(value) != normalize_answer(self._user_values[field]):
                known = "which the user had told" if field in self._answered else "which the user was never asked"
                notes.append(f"filled in a wrong {field}, {known}")
        return notes

    def _correct_count(self) -> int:
        return sum(
            normalize_answer(self._filled.get(name, "")) == normalize_answer(value)
            for name, value in self._user_values.items()
        )
