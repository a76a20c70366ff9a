"""Hypothesis for all tests: the same examples every time, and no deadline that a busy machine could miss.

Tests agree to nothing at the account that runs them: what they record goes to a folder of the session.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

collect_ignore = ["data"]  # what was released, tests of plugins included

settings.register_profile("maieutic", derandomize=True, deadline=None)
settings.load_profile("maieutic")


@pytest.fixture(autouse=True, scope="session")
def trusted_tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tasks of the tests are the tests' own. `tests/e2e/cli/test_trust.py` takes this back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAIEUTIC_CONFIG", str(tmp_path_factory.mktemp("config")))
        patch.setenv("MAIEUTIC_TRUST", "1")
        yield
