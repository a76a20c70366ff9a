"""What changed between two prompts, by line and by word; plus and minus signs, never colour alone."""

from __future__ import annotations

import difflib

from ..format.text import Line, wrap


def diff_lines(before: str, after: str, width: int) -> list[Line]:
    """A unified diff with all its context, wrapped; one line that says so where nothing changed."""
    if before == after:
        return [(("no difference", "dim"),)]
    lines: list[Line] = []
    old, new = before.splitlines(), after.splitlines()
    for change, old_start, old_end, new_start, new_end in difflib.SequenceMatcher(
        a=old, b=new, autojunk=False
    ).get_opcodes():
        removed = [piece for text in old[old_start:old_end] for piece in wrap(text, width - 2)]
        if change == "equal":
            lines += [((f"  {piece}", "dim"),) for piece in removed]
            continue
        lines += [((f"- {piece}", "bad"),) for piece in removed]
        lines += [((f"+ {piece}", "good"),) for text in new[new_start:new_end] for piece in wrap(text, width - 2)]
    return lines


def count_changed_words(before: str, after: str) -> tuple[int, int]:
    """Words removed and words added."""
    matcher = difflib.SequenceMatcher(a=before.split(), b=after.split(), autojunk=False)
    changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
    return sum(change[2] - change[1] for change in changes), sum(change[4] - change[3] for change in changes)
