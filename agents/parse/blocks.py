"""The forms in which models put an answer: tags, lists, JSON, fences. Each reader takes any text and never raises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_THINK = r"think(?:ing)?"
_THOUGHT = re.compile(rf"<(?P<name>{_THINK})>.*?</(?P=name)>", re.DOTALL | re.IGNORECASE)
_THOUGHT_START = re.compile(rf"<(?:{_THINK})>", re.IGNORECASE)
# Of a model whose chat template opens the thinking block.
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FIRST_MARK = re.compile(r"<[a-zA-Z][\w-]*[^<>\n]{0,40}>|```|~~~|^\s*[{\[]", re.MULTILINE)
_TOKEN = r"<\|[a-zA-Z_]{2,20}\|>"
_OUTER_TOKENS = re.compile(rf"\A(?:\s*{_TOKEN})+|(?:{_TOKEN}\s*)+\Z")
_TOKENS = re.compile(_TOKEN)
_ITEM = re.compile(
    r"^[ \t]*(?:[*_#]*(?:step|question|reason|goal|sub-goal)[ \t]*\d{1,2}[*_]*[ \t]*[:.)-]"
    r"|\[?\d{1,2}[.):\]]|[-*•])[*_]*[ \t]*(.*)$",
    re.IGNORECASE,
)
_JSON = json.JSONDecoder(strict=False)
_JSON_FENCE = re.compile(r"\A```(?:json)?[ \t]*\n(.*)\n?```\Z", re.DOTALL | re.IGNORECASE)
# json_repair takes quadratic time on texts that are no JSON.
_MAX_REPAIRED_CHARACTERS = 8000
# Braces in prose are no JSON; JSON that follows them begins soon.
_MAX_JSON_STARTS = 40


def clean_output(text: str) -> str:
    """The answer of a model: without the thinking before it, chat tokens around it, and what a database cannot hold.

    What stands inside of a marked block is left as it is. Thinking that does not end leaves nothing.
    """
    text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    text = _OUTER_TOKENS.sub("", text).strip()
    while (mark := _FIRST_MARK.search(text)) is not None and _THOUGHT_START.match(text, mark.start()):
        if text[: mark.start()].strip(" ") and not text[: mark.start()].rstrip(" ").endswith("\n"):
            break
        thought = _THOUGHT.match(text, mark.start())
        text = (text[: mark.start()] + (text[thought.end() :] if thought else "")).strip()
        if thought is None:
            break
    while (end := _THOUGHT_END.search(text)) and not _is_inside_block(text, end.start()):
        text = text[end.end() :].strip()
    return _OUTER_TOKENS.sub("", text).strip()


def is_unfinished_thought(text: str) -> bool:
    """Whether a model's text begins with thinking that does not end."""
    text = _OUTER_TOKENS.sub("", text).strip()
    return _THOUGHT_START.match(text) is not None and _THOUGHT.match(text) is None


def without_chat_tokens(text: str) -> str:
    """The text without tokens of a chat template."""
    return _TOKENS.sub("", text).strip()


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


def find_json(text: str, *, whole: bool = False) -> Any:
    """The JSON value in a text, repaired if it is nearly one; None if there is none.

    Args:
        text: The text.
        whole: Whether the text has to be JSON as a whole, apart from a fence around it, without repair.
    """
    if whole:
        text = _JSON_FENCE.sub(r"\1", text.strip())
        return _decode_json(text, 0, whole=True) if text[:1] in ("{", "[") else None
    starts = [match.start() for match in re.finditer(r"[{\[]", text)]
    for start in starts[:_MAX_JSON_STARTS]:
        value = _decode_json(text, start)
        if value and not (isinstance(value, list) and not any(isinstance(item, str | dict) for item in value)):
            return value
    if not starts or len(text) - starts[0] > _MAX_REPAIRED_CHARACTERS:
        return None
    import json_repair

    try:
        value = json_repair.loads(text[starts[0] :])
    except (ValueError, RecursionError):
        return None
    return value if value and isinstance(value, dict | list) else None


def _decode_json(text: str, start: int, *, whole: bool = False) -> Any:
    """The object or list that begins there. Line breaks inside of strings are allowed, as models write them."""
    try:
        value, end = _JSON.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if whole and text[end:].strip():
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


def _is_inside_block(text: str, position: int) -> bool:
    """Whether a position is in JSON, in a fence, or between a tag and its closing tag."""
    before, after = text[:position], text[position:]
    if before.count("```") % 2 == 1 or before.lstrip()[:1] in ("{", "["):
        return True
    for name in dict.fromkeys(re.findall(r"<([a-zA-Z][\w-]*)\b[^<>/\n]{0,40}>", before)):
        mark = _mark([name])
        following = mark.search(after)
        if mark.findall(before)[-1] == "" and following is not None and following[1]:
            return True
    return False


def _normalize_key(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
