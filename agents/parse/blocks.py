"""The forms in which models put an answer: tags, lists, JSON, fences. Each reader takes any text and never raises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_TOKENS = re.compile(r"<\|[a-zA-Z_]{2,20}\|>")
_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_ITEM = re.compile(
    r"^[ \t]*(?:[*_#]*(?:step|question|reason|goal|sub-goal)[ \t]*\d{1,2}[*_]*[ \t]*[:.)-]"
    r"|\[?\d{1,2}[.):\]]|[-*•])[*_]*[ \t]*(.*)$",
    re.IGNORECASE,
)
_MAX_JSON_CHARACTERS = 8000


def clean_output(text: str) -> str:
    """A model's text without thinking blocks, chat tokens and what a database cannot hold."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return _TOKENS.sub("", _THOUGHT.sub("", text.replace("\r\n", "\n"))).strip()


def find_tagged(text: str, *names: str) -> list[str]:
    """What stands in blocks of these names, in order; the last may lack its end, the first its beginning."""
    name = "|".join(re.escape(one) for one in names)
    mark = re.compile(rf"<[ \t]*(/?)[ \t]*(?:{name})\b[^<>\n]{{0,40}}>", re.IGNORECASE)
    marks = list(mark.finditer(text))
    if not marks:
        return []
    blocks = [text[: marks[0].start()]] if marks[0][1] else []
    for here, after in zip(marks, [*marks[1:], None], strict=False):
        if not here[1]:
            blocks.append(text[here.end() : after.start() if after else len(text)])
    return [block.strip() for block in blocks if block.strip()]


def is_unclosed(text: str, *names: str) -> bool:
    """Whether the last block of these names was begun and not ended."""
    name = "|".join(re.escape(one) for one in names)
    marks = re.findall(rf"<[ \t]*(/?)[ \t]*(?:{name})\b[^<>\n]{{0,40}}>", text, re.IGNORECASE)
    return not marks or marks[-1] == ""


def find_fenced(text: str) -> list[str]:
    """What stands in ``` fences; the last may lack its end."""
    return [block.strip() for block in _FENCE.findall(text) if block.strip()]


def find_list_items(text: str) -> list[str]:
    """The items of a numbered or bulleted list, each with the lines that go on under it."""
    items: list[list[str]] = []
    within = False
    for line in text.splitlines():
        if (item := _ITEM.match(line)) is not None:
            items.append([item[1]])
            within = True
        elif not line.strip():
            within = False
        elif within or (items and not any(items[-1])):
            items[-1].append(line)
            within = True
    return [joined for lines in items if (joined := " ".join(" ".join(lines).split()))]


def find_json(text: str) -> Any:
    """The JSON value in a text, repaired where it is nearly one; None where there is none."""
    starts = [at for mark in "{[" if (at := text.find(mark)) >= 0]
    if not starts:
        return None
    import json_repair

    try:
        value = json_repair.loads(text[min(starts) :][:_MAX_JSON_CHARACTERS])
    except (ValueError, RecursionError):
        return None
    return value if value and isinstance(value, dict | list) else None


def value_under(value: Any, names: Iterable[str]) -> Any:
    """The first value that a JSON object has under one of these names, case and `_` aside; None where it has none."""
    if not isinstance(value, Mapping):
        return None
    by_name = {_normalize_key(str(key)): one for key, one in value.items()}
    return next((by_name[key] for name in names if (key := _normalize_key(name)) in by_name), None)


def texts_in(value: Any) -> list[str]:
    """The texts in a JSON value: of a list each, of objects in it the longest each, of a text itself."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, Mapping):
        said = [one.strip() for one in value.values() if isinstance(one, str) and one.strip()]
        return [max(said, key=len)] if said else []
    if isinstance(value, Sequence):
        return [text for one in value for text in texts_in(one)[:1]]
    return []


def _normalize_key(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
