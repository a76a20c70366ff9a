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
# json_repair takes quadratic time on texts that are no JSON.
_MAX_JSON_CHARACTERS = 8000


def clean_output(text: str) -> str:
    """Remove thinking blocks, chat tokens, and characters that a database cannot hold."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return _TOKENS.sub("", _THOUGHT.sub("", text.replace("\r\n", "\n"))).strip()


def find_tagged(text: str, *names: str) -> list[str]:
    """The contents of blocks with these names, in order. The last may lack its end, the first its beginning."""
    marks = list(_mark(names).finditer(text))
    if not marks:
        return []
    blocks = [text[: marks[0].start()]] if marks[0][1] else []
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        if not mark[1]:
            blocks.append(text[mark.end() : following.start() if following else len(text)])
    return [block.strip() for block in blocks if block.strip()]


def is_unclosed(text: str, *names: str) -> bool:
    """Whether the last block with one of these names has no end."""
    marks = _mark(names).findall(text)
    return not marks or marks[-1] == ""


def find_fenced(text: str) -> list[str]:
    """The contents of ``` fences. The last may lack its end."""
    return [block.strip() for block in _FENCE.findall(text) if block.strip()]


def find_list_items(text: str) -> list[str]:
    """The items of a numbered or bulleted list, each with its continuation lines."""
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
    """The JSON value in a text, repaired if it is nearly one; None if there is none."""
    starts = [start for mark in "{[" if (start := text.find(mark)) >= 0]
    if not starts:
        return None
    import json_repair

    try:
        value = json_repair.loads(text[min(starts) :][:_MAX_JSON_CHARACTERS])
    except (ValueError, RecursionError):
        return None
    return value if value and isinstance(value, dict | list) else None


def value_under(value: Any, names: Iterable[str]) -> Any:
    """The first value that a JSON object has under one of these names, ignoring case and `_`; None if it has none."""
    if not isinstance(value, Mapping):
        return None
    by_name = {_normalize_key(str(key)): item for key, item in value.items()}
    return next((by_name[key] for name in names if (key := _normalize_key(name)) in by_name), None)


def texts_in(value: Any) -> list[str]:
    """The texts in a JSON value: of a list each item's, of an object the longest, of a text itself."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, Mapping):
        texts = [item.strip() for item in value.values() if isinstance(item, str) and item.strip()]
        return [max(texts, key=len)] if texts else []
    if isinstance(value, Sequence):
        return [text for item in value for text in texts_in(item)[:1]]
    return []


def _mark(names: Iterable[str]) -> re.Pattern[str]:
    """An opening or closing tag; group 1 is `/` if it closes. Models put spaces and attributes into tags."""
    alternatives = "|".join(re.escape(name) for name in names)
    return re.compile(rf"<[ \t]*(/?)[ \t]*(?:{alternatives})\b[^<>\n]{{0,40}}>", re.IGNORECASE)


def _normalize_key(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
