"""Types that a plugin declares its options with where Python's own say too little."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=1)]
"""How many of something that is needed: none of it would be no search, or no question."""

Positive = Annotated[float, Field(gt=0)]
"""What something is divided by."""
