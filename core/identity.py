"""Content addresses and random streams: the same value gives the same id and the same draws on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from random import Random
from typing import Any


def canonical_json(value: Any) -> str:
    """Write JSON with sorted keys and no optional white space.

    Raises TypeError for what JSON cannot express: an id must never depend on a `repr`.
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def content_id(kind: str, value: Mapping[str, Any] | list[Any] | str) -> str:
    """`kind` and 12 hexadecimal digits of SHA-256, for example `c-9f86d081884c`."""
    return f"{kind}-{digest(value)[:12]}"


def digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def seeded_random(seed: int, *path: str | int) -> Random:
    """A generator for one purpose of one run, for example `seeded_random(run.seed, "propose", 3)`.

    Named streams let a resumed run draw what it would have drawn, without stored generator state, and keep the draws of
    different parts independent.
    """
    return Random(int(digest([seed, *path])[:16], 16))
