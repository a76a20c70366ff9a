"""What a tone looks like under a theme, computed once for all lists; and what `NO_COLOR` leaves of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_FAINT, _HEAD = 0.7, 0.8  # shares of the foreground that keep a contrast of 4.5 on every ground
_COLOURS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "dim": ("foreground", _FAINT),
        "head": ("foreground", _HEAD),
        "good": ("success", 1.0),
        "bad": ("error", 1.0),
        "warn": ("warning", 1.0),
        "accent": ("primary", 1.0),
        "best": ("accent", 1.0),
        "mark": ("accent", 1.0),
        **{role: (role, 1.0) for role in ("teacher", "critic", "student", "planner")},
    }
)
_BOLD = frozenset({"strong", "best", "teacher", "critic", "student", "planner", "cursor-focus"})
_GROUNDS: Mapping[str, str] = MappingProxyType({"cursor": "cursor", "cursor-focus": "cursor-focus"})
_USED_VARIABLES = ("background", *sorted({name for name, _ in _COLOURS.values()} | set(_GROUNDS.values())))
_MIN_CONTRAST = 1.8  # below, a cursor or a thumb would not be seen


def styles_by_tone(variables: Mapping[str, str]) -> Mapping[str, Style]:
    """From the variables of a theme; bold and underlined tones are so without colour too."""
    return _styles(tuple((name, variables[name]) for name in _USED_VARIABLES if name in variables))


@lru_cache(maxsize=16)
def _styles(variables: tuple[tuple[str, str], ...]) -> Mapping[str, Style]:
    colours = {name: Color.parse(value) for name, value in variables}
    styles: dict[str, Style] = {"": Style(), "strong": Style(bold=True)}
    for tone, (name, share) in _COLOURS.items():
        colour = _blend(colours, name, share)
        faint = tone == "dim" and colour is None
        styles[tone] = Style(
            color=colour.rich_color if colour else None,
            bold=tone in _BOLD or None,
            underline=tone == "head" or None,
            dim=faint or None,
        )
    for tone, name in _GROUNDS.items():
        ground = colours.get(name)
        styles[tone] = Style(bgcolor=ground.rich_color if ground else None, bold=tone in _BOLD or None)
    return MappingProxyType(styles)


def _blend(colours: Mapping[str, Color], name: str, share: float) -> Color | None:
    """A colour let through to the background in part; None where the terminal's own colours cannot be mixed."""
    colour, ground = colours.get(name), colours.get("background")
    if colour is None or share == 1.0:
        return colour
    return None if ground is None or colour.ansi is not None or ground.ansi is not None else ground.blend(colour, share)


class Monochrome(LineFilter):
    """No colour at all. Bold, underlined and reversed stay; foreground and background are the terminal's own.

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


def contrast_ratio(first: Color, second: Color) -> float:
    """From 1 to 21, as the Web Content Accessibility Guidelines define it."""
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
