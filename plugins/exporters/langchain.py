"""The program as a LangChain `ChatPromptTemplate`, in LangChain's own JSON."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

from ...core.errors import UsageError
from ...core.example import Example
from ...core.program import MAIN, Program
from ...core.prompt import Prompt
from ...core.render import Message, render, values_of
from ...core.report import Report

_ROLES = {"system": "system", "user": "human", "assistant": "ai"}
_NAMES = {theirs: ours for ours, theirs in _ROLES.items()}


class LangChainExporter:
    """JSON for `langchain_core.load.loads`: a template, or name → template for a program of several prompts.

    Formatted with a row's values it gives exactly the messages that Maieutic sends, for rows whose values are not
    empty (Maieutic leaves out a block without text, a template cannot). The variables are `input`, or the prompt's
    placeholders. A router cannot be said in LangChain's JSON: that is a UsageError.
    """

    name = "langchain"
    suffix = ".json"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        from langchain_core.load import dumps

        if program.router is not None:
            raise UsageError(
                "a program with a router is more than LangChain's templates can say",
                where="--format langchain",
                possible=("json", "text"),
                remedy="export as json, and route in your application",
            )
        templates = {name: _template(prompt) for name, prompt in program.prompts.items()}
        plain = list(templates) == [MAIN]
        return dumps(templates[MAIN] if plain else templates, pretty=True) + "\n"


def read_messages(text: str, example: Example, name: str = MAIN) -> list[Message]:
    """An export, loaded and formatted by LangChain alone: what the application will send for this row.

    `name` chooses among several prompts. It lets an export be scored again outside Maieutic's renderer.
    """
    from langchain_core import prompts
    from langchain_core.load import loads
    from langchain_core.load.serializable import Serializable

    allowed: list[type[Serializable]] = [
        prompts.ChatPromptTemplate,
        prompts.PromptTemplate,
        prompts.SystemMessagePromptTemplate,
        prompts.HumanMessagePromptTemplate,
        prompts.AIMessagePromptTemplate,
    ]
    plain = isinstance(json.loads(text).get("lc"), int)
    with warnings.catch_warnings():
        # `loads` is marked as beta in langchain-core 1.x, and there is no other way in.
        warnings.filterwarnings("ignore", message=".*is in beta.*")
        loaded: Any = loads(text, allowed_objects=allowed)
    template = loaded if plain else loaded[name]
    return [
        {"role": _NAMES[message.type], "content": message.text}  # type: ignore[typeddict-item]
        for message in template.format_messages(**values_of(example))
    ]


def _template(prompt: Prompt) -> Any:
    """Render with marks for the values, then turn marks into variables and all other braces into literal ones.

    A mark carries the prompt's own hash, which no text of the prompt can contain.
    """
    from langchain_core.prompts import ChatPromptTemplate

    names = dict.fromkeys(("input", *prompt.placeholders))
    marks = {f"«{prompt.id}:{name}»": name for name in names}
    row = {name: mark for mark, name in marks.items()} if prompt.placeholders else next(iter(marks))
    mark = re.compile("(" + "|".join(map(re.escape, marks)) + ")")

    def template(text: str) -> str:
        pieces = mark.split(text)
        return "".join(
            f"{{{marks[piece]}}}" if piece in marks else piece.replace("{", "{{").replace("}", "}}") for piece in pieces
        )

    messages = render(prompt, Example(input=row))
    return ChatPromptTemplate.from_messages([(_ROLES[one["role"]], template(one["content"])) for one in messages])
