"""Three themes: dark, light, and high contrast; every tone is readable on every ground.

cursor, cursor-focus: the ground of the line under the cursor. frame: borders and the thumb of a scrollbar.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="maieutic-dark",
    primary="#7fb2e5",
    secondary="#b7a4e0",
    accent="#e0b46c",
    success="#8cc98f",
    warning="#e6c35c",
    error="#ef8a80",
    foreground="#d7dbe0",
    background="#14171c",
    surface="#1a1e25",
    panel="#232933",
    dark=True,
    variables={"teacher": "#7fb2e5", "critic": "#e6a06c", "student": "#8cc98f", "planner": "#c3a6e8"}
    | {"cursor": "#1f242c", "cursor-focus": "#2a323e", "frame": "#4a5261"},
)
LIGHT = Theme(
    name="maieutic-light",
    primary="#1f5f99",
    secondary="#5d4694",
    accent="#8a5a00",
    success="#1f6b2c",
    warning="#7d5a00",
    error="#a8231a",
    foreground="#1d2127",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e6e2d9",
    dark=False,
    variables={"teacher": "#1f5f99", "critic": "#994d00", "student": "#1f6b2c", "planner": "#6a3fa0"}
    | {"cursor": "#eceae4", "cursor-focus": "#dde6f0", "frame": "#a9a397"},
)
CONTRAST = Theme(
    name="maieutic-contrast",
    primary="#00d7ff",
    secondary="#ffffff",
    accent="#ffff00",
    success="#00ff5f",
    warning="#ffd700",
    error="#ff8787",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    text_alpha=1.0,
    dark=True,
    variables={"teacher": "#00d7ff", "critic": "#ffaf00", "student": "#00ff5f", "planner": "#ff87ff"}
    | {"cursor": "#1c1c1c", "cursor-focus": "#333333", "frame": "#9a9a9a"},
)
THEMES = (DARK, LIGHT, CONTRAST)
