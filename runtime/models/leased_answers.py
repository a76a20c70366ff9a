"""Answers that another process is asking for: how long one may take, and the wait for it in place of a second call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...core.models import Reply
from ..store import Store

# Another process's answer takes a model's time; ten looks a second cost nothing beside it.
_POLL_SECONDS = 0.1
# A request has its outcome stored soon after its time limit. A living process that is stuck holds up no other for long.
_MARGIN_SECONDS = 60.0


def lease_seconds(timeout_seconds: float, time_limit: float | None) -> float:
    """After so long a request has an outcome or is lost. time_limit: the model's own, where it has one."""
    return max(timeout_seconds, time_limit or 0.0) + _MARGIN_SECONDS


async def leased_answer(store: Store, key: str, run: str, check_time: Callable[[], None]) -> Reply | None:
    """The answer that another run is asking for; None where it gets none.

    check_time: called before each look; raises where this run has no more time to wait.
    """
    while True:
        check_time()
        is_pending = store.is_leased(key, run)
        reply = store.cached_reply(key)
        if reply is not None or not is_pending:
            return reply
        await asyncio.sleep(_POLL_SECONDS)
