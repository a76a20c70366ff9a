"""Lettered options of an input in another order, with the letters that lead back to the original one."""

from __future__ import annotations

import re

_OPTION = re.compile(
    r"^(?P<before>[ \t]*)(?P<open>\(?)(?P<letter>[A-Z])(?P<close>[).:])(?P<gap>[ \t]+)(?P<text>\S.*)$", re.M
)
_MIN_OPTIONS = 2


def shuffle_options(text: str, turn: int) -> tuple[str, dict[str, str]]:
    """Rotate the options of a text by `turn` positions.

    Options are lines that begin with A, B, C … in order, each once.

    Returns:
        The new text, and new letter → original letter. If there are no options, or the rotation changes nothing: the
        text as it is and an empty mapping.
    """
    options = list(_OPTION.finditer(text))
    letters = [option["letter"] for option in options]
    if len(options) < _MIN_OPTIONS or letters != [chr(ord("A") + index) for index in range(len(options))]:
        return text, {}
    turn %= len(options)
    if not turn:
        return text, {}
    pieces, end = list[str](), 0
    for index, option in enumerate(options):
        moved = options[(index + turn) % len(options)]["text"]
        pieces += [text[end : option.start("text")], moved]
        end = option.end("text")
    originals = {letters[index]: letters[(index + turn) % len(options)] for index in range(len(options))}
    return "".join([*pieces, text[end:]]), originals
