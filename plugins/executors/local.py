"""Measurements in the process of the run: what is waited for is a model, so one process is enough for most."""

from __future__ import annotations

from ...core.executor import MeasureJob, MeasureResult
from ...core.protocols import Gateway, Need


class LocalExecutor:
    name = "local"
    needs: frozenset[Need] = frozenset()

    async def run(self, job: MeasureJob, gateway: Gateway) -> MeasureResult:
        return await job.here()

    async def aclose(self) -> None:
        """Nothing was opened."""
