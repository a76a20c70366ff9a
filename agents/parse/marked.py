"""Marked blocks whose content is taken as it stands: tags by their outermost pair, and fences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# An opening or closing tag is mentioned, not used, where a sentence goes on around it: `never write <prompt> tags`.
_TAG_WORD_AFTER = re.compile(r"[`\"'”’」』)]?[ \t]*(?:tags?\b|标签|標籤|タグ)", re.IGNORECASE)
_QUOTE_BEFORE, _QUOTE_AFTER = re.compile(r"[`\"'“‘「『(]\Z"), re.compile(r"[`\"'”’」』)]")
_WORD_BEFORE = re.compile(r"\w[,;]?[ \t]+\Z")
_SENTENCE_GOES_ON = re.compile(r"[ \t]+[\w`\"'(]")
_CLOSING_MENTION = re.compile(
    r"\b(?:and|or|with|by|in|the|an?|no|of|use|write|put|closing|ending|final|until|before)[ \t]+\Z", re.IGNORECASE
)
_FENCE_LINE = re.compile(r"^[ \t]*(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[\w.+-]*)[ \t]*$", re.MULTILINE)
_INLINE_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
# What a fence around a text is called; a fence of another name holds code.
TEXT_FENCES = frozenset({"", "text", "txt", "markdown", "md", "plaintext", "plain", "prompt", "xml"})
# How far around a tag its sentence is looked at.
_CONTEXT = 24


@dataclass(frozen=True, kw_only=True)
class MarkedBlock:
    """The content of a marked block, where it begins and ends with its marks, and whether its end is marked.

    `name` is that of the tag, or of the fence; `mentioned` says that a sentence around the tag goes on.
    """

    text: str
    start: int
    end: int
    closed: bool
    name: str = ""
    mentioned: bool = False


@dataclass(frozen=True, kw_only=True)
class _Tag:
    name: str
    closing: bool
    start: int
    end: int
    mentioned: bool


def find_marked(text: str, *names: str) -> list[MarkedBlock]:
    """The blocks with these names, in order, each from its opening tag to the last closing one that belongs to it.

    Tags inside a block are its content. The last block may lack its end, the first its beginning.
    """
    tags = _find_tags(text, names)
    used = [tag for tag in tags if not tag.mentioned]
    if not any(not tag.closing for tag in used):
        used = tags
    blocks: list[MarkedBlock] = []
    if used and used[0].closing:
        blocks.append(MarkedBlock(text=text[: used[0].start], start=0, end=used[0].end, closed=False))
    index = 0
    while index < len(used):
        opening = used[index]
        index += 1
        if opening.closing:
            continue
        following = used[index:]
        closing = _closing_tag(text, opening, following) or _closing_tag(
            text, opening, [tag for tag in tags if tag.start > opening.start and (tag.closing or not tag.mentioned)]
        )
        if closing is None:
            stop, closed = _end_of_unclosed(text, opening, following)
            blocks.append(_block(text, opening, stop, stop, closed))
            index += sum(tag.start < stop for tag in following)
            continue
        inner = next((tag for tag in following if tag.start < closing.start and not tag.closing), None)
        restarted = inner is not None and inner.name == opening.name and not text[opening.end : inner.start].strip()
        if restarted and not _is_balanced(opening, following, closing):
            continue
        blocks.append(_block(text, opening, closing.start, closing.end, True))
        index += sum(tag.start <= closing.start for tag in following)
    return [block for block in blocks if block.text]


def find_fences(text: str) -> list[MarkedBlock]:
    """The outermost fences, in order. The last may lack its end; fences inside of one are its content."""
    lines = list(_FENCE_LINE.finditer(text))
    if not lines:
        return [
            MarkedBlock(text=match[1].strip(), start=match.start(), end=match.end(), closed=match[0].endswith("```"))
            for match in _INLINE_FENCE.finditer(text)
            if match[1].strip()
        ]
    blocks: list[MarkedBlock] = []
    index = 0
    while index < len(lines):
        end = _closing_fence(text, lines, index)
        opening, closing = lines[index], lines[end] if end is not None else None
        content = text[opening.end() : closing.start() if closing else len(text)].strip("\n")
        if content.strip():
            blocks.append(
                MarkedBlock(
                    text=content.strip(),
                    start=opening.start(),
                    end=closing.end() if closing else len(text),
                    closed=closing is not None,
                    name=opening["info"].casefold(),
                )
            )
        index = end + 1 if end is not None else len(lines)
    return blocks


def _find_tags(text: str, names: Sequence[str]) -> list[_Tag]:
    alternatives = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"<[ \t]*(/?)[ \t]*({alternatives})(?![\w-])[^<>\n]{{0,40}}>", re.IGNORECASE)
    return [
        _Tag(
            name=match[2].casefold(),
            closing=bool(match[1]),
            start=match.start(),
            end=match.end(),
            mentioned=_is_mention(text, match.start(), match.end(), closing=bool(match[1])),
        )
        for match in pattern.finditer(text)
    ]


def _is_mention(text: str, start: int, end: int, *, closing: bool) -> bool:
    before = text[max(0, start - _CONTEXT) : start].rpartition("\n")[2]
    after = text[end : end + _CONTEXT].partition("\n")[0]
    quoted = _QUOTE_BEFORE.search(before) and _QUOTE_AFTER.match(after)
    if quoted or _TAG_WORD_AFTER.match(after):
        return True
    if closing:
        return _CLOSING_MENTION.search(before) is not None and bool(after.strip(" .\t"))
    return _WORD_BEFORE.search(before) is not None and _SENTENCE_GOES_ON.match(after) is not None


def _closing_tag(text: str, opening: _Tag, following: Sequence[_Tag]) -> _Tag | None:
    """The closing tag that balances the opening one; where none does, the last one of its name."""
    depth, last = 1, None
    same = [tag for tag in following if tag.name == opening.name]
    for number, tag in enumerate(same):
        depth += -1 if tag.closing else 1
        last = tag if tag.closing else last
        if depth:
            continue
        # A closing tag more is the end, and the one before it content, where text stands between the two.
        for further in same[number + 1 :]:
            if not further.closing:
                break
            if last is not None and text[last.end : further.start].strip():
                last = further
        return last
    return last


def _is_balanced(opening: _Tag, following: Sequence[_Tag], closing: _Tag) -> bool:
    inside = [tag for tag in following if tag.name == opening.name and tag.start <= closing.start]
    return sum(tag.closing for tag in inside) == 1 + sum(not tag.closing for tag in inside)


def _end_of_unclosed(text: str, opening: _Tag, following: Sequence[_Tag]) -> tuple[int, bool]:
    """Where a block without a closing tag of its name ends, and whether a tag of another name ends it there.

    A second opening tag of its name begins anew; other blocks inside of it are its content, unless it has nothing else.
    """
    depth = 0
    for tag in following:
        if tag.closing and not depth:
            return tag.start, True
        if not tag.closing and (tag.name == opening.name or not text[opening.end : tag.start].strip()):
            return tag.start, False
        depth += -1 if tag.closing else 1
    return len(text), False


def _block(text: str, opening: _Tag, stop: int, end: int, closed: bool) -> MarkedBlock:
    content = text[opening.end : stop].strip()
    return MarkedBlock(
        text=content, start=opening.start, end=end, closed=closed, name=opening.name, mentioned=opening.mentioned
    )


def _closing_fence(text: str, lines: Sequence[re.Match[str]], opening: int) -> int | None:
    """The index of the line that closes a fence: bare, as long as the opening one, and not the end of an inner one."""
    first, rest = lines[opening], lines[opening + 1 :]
    markdown = first["info"].casefold() in TEXT_FENCES - {""}
    holds_others = not any(line["info"].casefold() in TEXT_FENCES - {""} for line in rest)
    if markdown and holds_others and len(rest) % 2 and not rest[-1]["info"] and not text[rest[-1].end() :].strip():
        return len(lines) - 1
    open_marks = [first["mark"]]
    last = None
    for index, line in enumerate(rest, opening + 1):
        mark = line["mark"]
        if line["info"] or mark[0] != open_marks[-1][0] or len(mark) < len(open_marks[-1]):
            if mark[0] == first["mark"][0] or line["info"]:
                open_marks.append(mark)
            continue
        open_marks.pop()
        last = index
        if not open_marks:
            return index
    return last
