"""A form to be filled in by asking a user, who is simulated: patient, truthful, and answering only what was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ...core.answer import bare
from ...core.errors import TaskError
from ...core.example import Example
from .episode import Move

_LINE = re.compile(r"^\W*([A-Za-z][\w ]*?)\W*[:=]\s*(\S.*)$", re.MULTILINE)
_GREETING = "request"


class Form:
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
        self._request = values.pop(_GREETING, "Hello, I need this form filled in.")
        self._known = values
        self._filled: dict[str, str] = {}
        self._told: set[str] = set()

    def begin(self) -> str:
        empty = ", ".join(self._known)
        return (
            f"User: {self._request}\nThe form has the fields: {empty}. All are empty. Ask the user, then fill them in."
        )

    def act(self, said: str) -> Move:
        fields = {bare(name): name for name in self._known}
        notes = self._fill(said, fields)
        asked = [name for key, name in fields.items() if "?" in said and key in bare(said)]
        again = [name for name in asked if name in self._told]
        if again:
            notes.append(f"asked again for {', '.join(again)}")
        if not notes and not asked and not _LINE.search(said):
            notes.append("neither asked for a field nor filled one in")
        self._told |= set(asked)
        answer = " ".join(f"My {name} is {self._known[name]}." for name in asked)
        left = [name for name in self._known if name not in self._filled]
        reply = answer or ("What do you need to know?" if left else "Something in the form is not right.")
        return Move(
            observation=f"User: {reply}\nFilled in: {json.dumps(self._filled, ensure_ascii=False)}. "
            f"Empty: {', '.join(left) or 'nothing'}.",
            progress=self._right() / len(self._known),
            done=self._right() == len(self._known),
            note="; ".join(notes),
        )

    def _fill(self, said: str, fields: Mapping[str, str]) -> list[str]:
        """Fill in what is said; what was wrong with it."""
        notes = []
        for name, value in _LINE.findall(said):
            field = fields.get(bare(name))
            if field is None or "?" in value:
                continue
            self._filled[field] = value.strip()
            if bare(value) != bare(self._known[field]):
                known = "which the user had told" if field in self._told else "which the user was never asked"
                notes.append(f"filled in a wrong {field}, {known}")
        return notes

    def _right(self) -> int:
        return sum(bare(self._filled.get(name, "")) == bare(value) for name, value in self._known.items())
