"""The embedded model beside other workers of the same test run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _one_core_a_worker() -> Iterator[None]:
    """llama.cpp takes as many threads as it may use cores, and its threads wait for each other by spinning: two
    servers on the same cores would spend most of their time so."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker or not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[int(worker.removeprefix("gw")) % len(allowed)]})
    yield
    os.sched_setaffinity(0, allowed)
