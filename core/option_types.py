"""Types for the options of plugins, where Python's own say too little."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=1)]
"""How many of something; zero would mean no search, or no question."""

Positive = Annotated[float, Field(gt=0)]
"""A divisor."""
