"""A prompt as a chat transcript: `[system]`, `[user]` and `[assistant]` above their messages, `{name}` for a value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from .errors import UsageError
from .message_template import (
    MessageTemplate,
    check_roles,
    merged_turns,
    message_templates,
    prompt_of_texts,
    template_text,
)
from .prompt import Prompt

_ROLE_LINE = re.compile(r"\[(system|user|assistant)\]")
# A line of a message that begins so would be read as something else; a backslash before it keeps it.
_ESCAPED = re.compile(r"^(?=\\*\[(?:system|user|assistant)\]$)", re.MULTILINE)
_BACKSLASH = r"\\"
_UNESCAPED = re.compile(r"^\\(?=\\*\[(?:system|user|assistant)\]$)", re.MULTILINE)


def is_transcript(text: str) -> bool:
    """Whether the first line is a role in brackets."""
    return _ROLE_LINE.fullmatch(text.partition("\n")[0]) is not None


def prompt_as_text(prompt: Prompt) -> str:
    """The prompt as plain text if that text alone is read as the same prompt, else as a transcript.

    Raises UsageError for a prompt that neither can express.
    """
    turns = merged_turns(message_templates(prompt))
    if len(turns) == 1:
        text = template_text(turns[0].pieces)
        if not is_transcript(text) and _sends(text, turns):
            return text
    for system_escaped, question_escaped in product((False, True), repeat=2):
        texts = [template_text(turn.pieces) for turn in turns]
        texts[0] = template_text(turns[0].pieces, escaped=system_escaped)
        texts[-1] = template_text(turns[-1].pieces, escaped=question_escaped)
        pairs = zip(turns, texts, strict=True)
        text = "\n\n".join(f"[{turn.role}]\n{_ESCAPED.sub(_BACKSLASH, content)}" for turn, content in pairs)
        if _sends(text, turns):
            return text
    raise UsageError("the prompt cannot be written as text that is read back", remedy="export it with --format json")


def read_prompt_text(text: str, where: str = "the prompt") -> Prompt:
    """The prompt of a text: of a transcript's messages, or with the text as its instruction.

    Raises UsageError for a transcript that no prompt sends.
    """
    if not is_transcript(text):
        return Prompt(instruction=text)
    turns: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if (match := _ROLE_LINE.fullmatch(line)) is not None:
            turns.append((match[1], []))
        else:
            turns[-1][1].append(line)
    # One empty line stands between messages.
    texts = [(role, "\n".join(lines[:-1] if lines and not lines[-1] else lines)) for role, lines in turns[:-1]]
    texts.append((turns[-1][0], "\n".join(turns[-1][1])))
    texts = [(role, _UNESCAPED.sub("", content)) for role, content in texts]
    check_roles([role for role, _ in texts], where)
    prompt = prompt_of_texts(texts)
    sent = [template_text(turn.pieces) for turn in message_templates(prompt)]
    first = 1 if texts[0][0] == "system" else 0
    if len(sent) != len(texts) or sent[first:-1] != [content for _, content in texts[first:-1]]:
        raise UsageError(
            "the worked examples of this transcript cannot be told from the question",
            where=where,
            remedy="write {input} where the example goes in the last [user] message",
        )
    return prompt


def _sends(text: str, turns: Sequence[MessageTemplate]) -> bool:
    """Whether the text, as a file holds it, is read as a prompt of these messages."""
    stored = f"{text}\n".replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").rstrip("\n")
    try:
        return merged_turns(message_templates(read_prompt_text(stored))) == list(turns)
    except UsageError:
        return False
