"""How each method is run: a recipe of ours, a package in its own environment, or a baseline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from maieutic.core.budget import Budget
from maieutic.core.events import Event
from maieutic.core.models import ModelRef
from maieutic.graphs.api import aoptimize

from .problems import AnswerScorer, Problem, Row
from .proxy import MeteredProxy

PEERS: Mapping[str, str] = {
    "gepa-package": "gepa_package.py",
    "dspy-mipro": "dspy_package.py",
    "dspy-gepa": "dspy_package.py",
    "dspy-simba": "dspy_package.py",
    "promptolution-capo": "promptolution_package.py",
    "promptolution-evoprompt": "promptolution_package.py",
    "promptolution-opro": "promptolution_package.py",
    "textgrad": "textgrad_package.py",
}
"""Method → the adapter that drives its package."""
BASELINES = ("start",)
_PEERS_FOLDER = Path(__file__).parent / "peers"


@dataclass(frozen=True, kw_only=True)
class MethodResult:
    """What a method ended with.

    Attributes:
        prompt: The prompt as text, where it has one.
        score: Its mean score on the held-out examples.
        scores: One by example.
    """

    prompt: str
    score: float
    scores: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class MethodJob:
    """One cell: a method on a problem at a budget and a seed.

    Attributes:
        models: Role → the name that its endpoint knows the model by.
        peers_python: The interpreter of the environment in which the packages are installed.
    """

    method: str
    problem: Problem
    calls: int
    seed: int
    models: Mapping[str, str]
    peers_python: str
    folder: Path

    async def run(self, proxy: MeteredProxy, scorer: AnswerScorer) -> MethodResult:
        if self.method in PEERS:
            reply = await self._run_peer(proxy)
            return await self._scored(scorer, str(reply["prompt"]), [str(text) for text in reply["answers"]])
        if self.method == "start":
            reply = await self._run_adapter(proxy, "start_prompt.py")
            return await self._scored(scorer, str(reply["prompt"]), [str(text) for text in reply["answers"]])
        return await self._run_recipe(proxy)

    async def _run_recipe(self, proxy: MeteredProxy) -> MethodResult:
        target, author = (
            ModelRef.parse(f"openai/{self.models[role]}@{proxy.base}/{role}/v1") for role in ("target", "author")
        )

        def listen(event: Event) -> None:
            if event.kind == "test_opened":  # the held-out test comes on top of the budget, for every method
                proxy.phase = "test"

        result = await aoptimize(
            self.problem.task(target, author),
            recipe=self.method,
            budget=Budget(target_calls=self.calls),
            seed=self.seed,
            folder=self.folder,
            listen=listen,
        )
        report = result.report
        assert report is not None
        return MethodResult(prompt=report.prompt.best, score=report.best.score, scores=())

    async def _run_peer(self, proxy: MeteredProxy) -> dict[str, Any]:
        return await self._run_adapter(proxy, PEERS[self.method])

    async def _run_adapter(self, proxy: MeteredProxy, script: str) -> dict[str, Any]:
        """Raises RuntimeError with the end of what the adapter said where it fails."""
        job = {
            "prompt": self.problem.prompt,
            "train": self.problem.splits["train"],
            "val": self.problem.splits["val"],
            "test": [row["input"] for row in self.problem.splits["test"]],
            "base": proxy.base,
            "calls": self.calls,
            "seed": self.seed,
            "target": self.models["target"],
            "author": self.models["author"],
            "options": {"method": self.method},
        }
        process = await asyncio.create_subprocess_exec(
            self.peers_python,
            str(_PEERS_FOLDER / script),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
        )
        output, errors = await process.communicate(json.dumps(job).encode())
        lines = output.decode(errors="replace").splitlines()
        if process.returncode or not lines:
            raise RuntimeError(f"{script} ended with {process.returncode}: {errors.decode(errors='replace')[-2000:]}")
        reply: dict[str, Any] = json.loads(lines[-1])
        return reply

    async def _scored(self, scorer: AnswerScorer, prompt: str, answers: list[str]) -> MethodResult:
        rows: list[Row] = self.problem.splits["test"]
        scores = [(await scorer.score(row, text))[0] for row, text in zip(rows, answers, strict=True)]
        return MethodResult(prompt=prompt, score=mean(scores), scores=tuple(scores))
