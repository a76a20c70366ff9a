"""The package `gepa` (arXiv 2507.19457) with its default adapter and its default settings."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import gepa
from gepa.adapters.default_adapter.default_adapter import EvaluationResult
from peer_job import BudgetSpent, PeerJob


def main() -> None:
    job = PeerJob.read()
    rows = {row["input"]: row for row in (*job.train, *job.val)}

    def evaluate(data: Any, response: str) -> EvaluationResult:
        score, feedback = job.score(rows[data["input"]], response)
        return EvaluationResult(score=score, feedback=feedback)

    def answer(messages: Any) -> str:
        return job.ask("target", messages)

    def reflect(prompt: Any) -> str:
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        return job.ask("author", messages)

    def instances(split: list[dict[str, str]]) -> list[Any]:
        return [{"input": row["input"], "additional_context": {}, "answer": row["output"]} for row in split]

    class Watch:
        """Keeps the best prompt for a search that ends at the limit."""

        def on_valset_evaluated(self, event: Any) -> None:
            if event.get("is_best_program"):
                job.best = next(iter(event["candidate"].values()))

    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(BudgetSpent):
        result = gepa.optimize(
            seed_candidate={"prompt": job.prompt},
            trainset=instances(job.train),
            valset=instances(job.val),
            task_lm=answer,
            evaluator=evaluate,
            reflection_lm=reflect,
            max_metric_calls=job.calls,
            seed=job.seed,
            callbacks=[Watch()],
        )
        best = result.best_candidate
        job.best = best if isinstance(best, str) else next(iter(best.values()))
    job.finish()


if __name__ == "__main__":
    main()
