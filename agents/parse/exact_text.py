"""Reads a text of which every character counts, such as code, from a reply: nothing but its marks is removed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .clean import is_refusal
from .marked import find_fences, find_marked

_OPENING_LINE = re.compile(r"\A[ \t]*\n")


def read_exact(text: str, tags: Sequence[str], *, cut: bool) -> str | None:
    """The text between the last pair of these tags, or in the last fence; None if it has no end or is none.

    A fence around the whole of a marked text is a mark too, whatever language it names. Of a reply that was cut only a
    closed block counts.
    """
    for block in reversed(find_marked(text, *tags)):
        if not block.closed:
            continue
        # `find_marked` strips white space, of which the first line's indentation belongs to the text.
        inside = text[block.start : block.end]
        inside = re.sub(r"\A<[^<>]*>", "", inside)
        inside = re.sub(r"<[^<>]*>\Z", "", inside)
        if (content := _without_fence(inside)).strip():
            return content
    closed = [fence for fence in find_fences(text) if fence.closed]
    if closed:
        return _fence_content(text[closed[-1].start : closed[-1].end])
    if re.search(rf"<\s*/?\s*(?:{'|'.join(map(re.escape, tags))})\b", text):
        return None
    bare = text.strip("\n")
    # A pattern or a line of code is often answered bare; sentences are a remark.
    one_line = "\n" not in bare.strip() and not re.search(r"[A-Za-z]{2,}[.!?] |\w+ \w+ \w+ \w+ \w+ \w+", bare)
    return bare.strip() if not cut and bare.strip() and one_line and not is_refusal(bare) else None


def _without_fence(text: str) -> str:
    fences = find_fences(text)
    alone = len(fences) == 1 and fences[0].closed
    if alone and not (text[: fences[0].start] + text[fences[0].end :]).strip():
        return _fence_content(text[fences[0].start : fences[0].end])
    return _trimmed(text)


def _fence_content(fence: str) -> str:
    """What stands between the first and the last line of a fence; of one on a single line, between its marks."""
    lines = fence.strip("\n").split("\n")
    if len(lines) < 3:
        return re.sub(r"\A\s*[`~]{3,}\w*\s?|[`~]{3,}\s*\Z", "", fence).strip()
    return _trimmed("\n".join(lines[1:-1]))


def _trimmed(text: str) -> str:
    """Without empty lines around it; a text on the line of its mark also without the spaces beside it."""
    opening = _OPENING_LINE.match(text)
    text = re.sub(r"\A(?:[ \t]*\n)+|\s+\Z", "", text)
    text = text if opening else text.lstrip(" \t")
    quoted = re.fullmatch(r"`([^`\n]+)`", text)
    return quoted[1] if quoted else text
