"""A prompt as messages of literal text and variables, and such messages as a prompt that sends exactly them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product

from .dataset import Example
from .errors import UsageError
from .prompt import Demo, Prompt
from .render import render


@dataclass(frozen=True)
class TemplateVariable:
    """The position of an example's value: `input`, or one of the prompt's placeholders."""

    name: str


Pieces = tuple[str | TemplateVariable, ...]


@dataclass(frozen=True)
class MessageTemplate:
    """One message: literal texts and variables."""

    role: str
    pieces: Pieces


def message_templates(prompt: Prompt) -> list[MessageTemplate]:
    """The messages of a prompt; filled with values that are not empty, they are exactly what Maieutic sends.

    The prompt is rendered with marks in place of values and cut at the marks. A mark contains the prompt's own hash,
    which no text of the prompt can contain.
    """
    names = dict.fromkeys(("input", *prompt.placeholders))
    marks = {f"«{prompt.id}:{name}»": name for name in names}
    values = {name: mark for mark, name in marks.items()} if prompt.placeholders else next(iter(marks))
    mark = re.compile("(" + "|".join(map(re.escape, marks)) + ")")
    return [
        MessageTemplate(
            message["role"],
            tuple(
                TemplateVariable(marks[text]) if text in marks else text
                for text in mark.split(message["content"])
                if text
            ),
        )
        for message in render(prompt, Example(input=values))
    ]


def template_text(pieces: Pieces, *, escaped: bool = False) -> str:
    """A message in our notation, `{name}` for a variable; escaped: with other braces doubled."""
    return "".join(
        f"{{{piece.name}}}" if isinstance(piece, TemplateVariable) else _doubled(piece) if escaped else piece
        for piece in pieces
    )


def prompt_of_messages(turns: Sequence[MessageTemplate], where: str = "the messages") -> Prompt:
    """The prompt that sends exactly these messages: system, worked examples as turns, and the user's last turn.

    Raises UsageError for messages that no prompt sends.
    """
    messages = merged_turns(turns)
    check_roles([turn.role for turn in messages], where)
    for system_escaped, question_escaped in product((False, True), repeat=2):
        texts = [(turn.role, template_text(turn.pieces)) for turn in messages]
        if messages[0].role == "system":
            texts[0] = ("system", template_text(messages[0].pieces, escaped=system_escaped))
        texts[-1] = ("user", template_text(messages[-1].pieces, escaped=question_escaped))
        prompt = prompt_of_texts(texts)
        sent = merged_turns(message_templates(prompt))
        # Without a variable the input follows the last message, as it does for any prompt.
        if sent == messages or (not prompt.placeholders and _without_input(sent) == messages):
            return prompt
    raise UsageError(
        "no prompt sends these messages: their braces or worked examples cannot be written as one",
        where=where,
        remedy="export the prompt with --format json, which keeps every part",
    )


def prompt_of_texts(texts: Sequence[tuple[str, str]]) -> Prompt:
    """The prompt of (role, text) pairs whose roles are checked: the system message and the last one in our notation,
    the worked examples between them as they are sent."""
    system = texts[0][1] if texts[0][0] == "system" else ""
    examples = texts[1:-1] if texts[0][0] == "system" else texts[:-1]
    base = Prompt(system=system, instruction=texts[-1][1])
    if not examples:
        return base
    pattern = _question_pattern(message_templates(base)[-1].pieces)
    demos = []
    for (_, question), (_, answer) in zip(examples[::2], examples[1::2], strict=True):
        match = pattern.fullmatch(question)
        demos.append(Demo(input=match["input"] if match else question, output=answer))
    return base.with_(demos=tuple(demos))


def check_roles(roles: Sequence[str], where: str) -> None:
    """Raises UsageError unless the roles are system or none, then user and assistant in turns, and at last the user."""
    dialogue = list(roles[1:] if roles[:1] == ["system"] else roles)
    if len(dialogue) % 2 == 0 or dialogue != ["user" if n % 2 == 0 else "assistant" for n in range(len(dialogue))]:
        raise UsageError(
            f"the messages are by {', '.join(roles) or 'nobody'}",
            where=where,
            possible=("system, user", "system, user, assistant, …, user"),
            remedy="begin with one system message or none; then user and assistant take turns, and the user is last",
        )


def merged_turns(turns: Sequence[MessageTemplate]) -> list[MessageTemplate]:
    return [MessageTemplate(turn.role, merged(turn.pieces)) for turn in turns]


def merged(pieces: Pieces) -> Pieces:
    """The pieces with neighbouring texts as one, and without empty ones."""
    joined: list[str | TemplateVariable] = []
    for is_text, group in groupby(pieces, key=lambda piece: isinstance(piece, str)):
        if not is_text:
            joined += group
        elif text := "".join(map(str, group)):
            joined.append(text)
    return tuple(joined)


def pieces_of(text: str, variable: re.Pattern[str]) -> Pieces:
    """The pieces of a text whose variables match a pattern with their name as group 1."""
    pieces: list[str | TemplateVariable] = []
    position = 0
    for match in variable.finditer(text):
        pieces += [text[position : match.start()], TemplateVariable(match[1])]
        position = match.end()
    return merged((*pieces, text[position:]))


def _question_pattern(question: Pieces) -> re.Pattern[str]:
    """Matches the question of a worked example: the last message with another input."""
    parts = []
    for piece in question:
        if piece != TemplateVariable("input"):
            parts.append(re.escape(template_text((piece,))))
        else:
            parts.append("(?P=input)" if any("?P<input>" in part for part in parts) else "(?P<input>.*)")
    return re.compile("".join(parts) if any("?P<input>" in part for part in parts) else "(?P<input>.*)", re.DOTALL)


def _without_input(turns: Sequence[MessageTemplate]) -> list[MessageTemplate]:
    last = turns[-1]
    if last.pieces[-1:] != (TemplateVariable("input"),):
        return list(turns)
    text = template_text(last.pieces[:-1]).removesuffix("\n\n")
    return [*turns[:-1], MessageTemplate(last.role, (text,) if text else ())]


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
