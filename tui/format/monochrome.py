"""What `NO_COLOR` asks for: no colour at all, ours or Textual's; grounds that matter are reversed instead."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_MIN_CONTRAST = 1.8


class Monochrome(LineFilter):
    """Bold, underlined and reversed stay; foreground and background are the terminal's own.

    A ground that stands out from the screen's (a cursor, the thumb of a scrollbar, a label) is reversed.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, _without_color(style, background) if style is not None else None, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=2048)
def _without_color(style: Style, background: Color) -> Style:
    ground = style.bgcolor
    stands = ground is not None and contrast_ratio(Color.from_rich_color(ground), background) > _MIN_CONTRAST
    return style.without_color + Style(reverse=True) if stands else style.without_color


def contrast_ratio(one: Color, other: Color) -> float:
    """From 1 to 21, as accessibility guidelines reckon it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
