"""Measurements in the process of the run: what is waited for is a model, so one process is enough for most."""

from __future__ import annotations

from ...core.contracts import Gateway, Need
from ...core.work import MeasureJob, MeasureResult


class LocalExecutor:
    name = "local"
    needs: frozenset[Need] = frozenset()

    async def run(self, job: MeasureJob, gateway: Gateway) -> MeasureResult:
        return await job.here()

    async def aclose(self) -> None:
        """Nothing was opened."""
