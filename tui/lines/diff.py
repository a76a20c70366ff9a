"""What changed between two prompts, word by word and line by line; plus and minus signs, never colour alone."""

from __future__ import annotations

import difflib

from ..format.text import Line, wrap


def diff_lines(before: str, after: str, width: int) -> list[Line]:
    """A unified diff with whole context, wrapped; says so where nothing changed."""
    if before == after:
        return [(("no difference: both say the same", "dim"),)]
    lines: list[Line] = []
    old, new = before.splitlines(), after.splitlines()
    for word, a0, a1, b0, b1 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if word == "equal":
            lines += [((f"  {piece}", "dim"),) for text in old[a0:a1] for piece in wrap(text, width - 2)]
            continue
        lines += [((f"- {piece}", "bad"),) for text in old[a0:a1] for piece in wrap(text, width - 2)]
        lines += [((f"+ {piece}", "good"),) for text in new[b0:b1] for piece in wrap(text, width - 2)]
    return lines


def count_changed_words(before: str, after: str) -> tuple[int, int]:
    """Words that went and words that came."""
    matcher = difflib.SequenceMatcher(a=before.split(), b=after.split(), autojunk=False)
    gone = came = 0
    for word, a0, a1, b0, b1 in matcher.get_opcodes():
        if word != "equal":
            gone += a1 - a0
            came += b1 - b0
    return gone, came
