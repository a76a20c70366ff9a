"""Lettered options of an input: found, put in another order, and an answer told back to the order as it was."""

from __future__ import annotations

import re

_OPTION = re.compile(
    r"^(?P<before>[ \t]*)(?P<open>\(?)(?P<letter>[A-Z])(?P<close>[).:])(?P<gap>[ \t]+)(?P<text>\S.*)$", re.M
)
_MIN_OPTIONS = 2


def shuffle_options(text: str, turn: int) -> tuple[str, dict[str, str]]:
    """The text with its options moved on by `turn` places, and shown letter → letter as it was.

    Options are lines that begin with A, B, C … in order, each once. Where there are none, and for a turn that brings
    all back to their places, the text as it is and an empty mapping.
    """
    found = list(_OPTION.finditer(text))
    letters = [one["letter"] for one in found]
    if len(found) < _MIN_OPTIONS or letters != [chr(ord("A") + place) for place in range(len(found))]:
        return text, {}
    turn %= len(found)
    if not turn:
        return text, {}
    pieces, at = list[str](), 0
    for place, one in enumerate(found):
        moved = found[(place + turn) % len(found)]["text"]
        pieces += [text[at : one.start("text")], moved]
        at = one.end("text")
    told = {letters[place]: letters[(place + turn) % len(found)] for place in range(len(found))}
    return "".join([*pieces, text[at:]]), told
