"""The package `textgrad` (arXiv 2406.07496): its prompt optimization with minibatches and a check on val per step."""

from __future__ import annotations

import contextlib
import random
import sys
from statistics import mean
from typing import Any

import textgrad
from peer_job import BudgetSpent, PeerJob
from textgrad.engine.base import EngineLM

_BATCH = 3
# The package's example keeps a new prompt only where it is no worse on a validation sample.
_VALIDATION = 20


class ProxyEngine(EngineLM):
    """One role of the proxy."""

    def __init__(self, job: PeerJob, role: str) -> None:
        self.model_string = role
        self._job, self._role = job, role

    def generate(self, prompt: Any, system_prompt: str | None = None, **kwargs: Any) -> str:
        system = [{"role": "system", "content": system_prompt}] if system_prompt else []
        return self._job.ask(self._role, [*system, {"role": "user", "content": str(prompt)}])

    def __call__(self, prompt: Any, system_prompt: str | None = None, **kwargs: Any) -> str:
        return self.generate(prompt, system_prompt)


def main() -> None:
    job = PeerJob.read()
    rng = random.Random(job.seed)
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(BudgetSpent):
        target, author = ProxyEngine(job, "target"), ProxyEngine(job, "author")
        textgrad.set_backward_engine(author, override=True)
        prompt = textgrad.Variable(job.prompt, requires_grad=True, role_description="system prompt of a language model")
        model = textgrad.BlackboxLLM(target, system_prompt=prompt)
        optimizer = textgrad.TextualGradientDescent(parameters=[prompt], engine=author)
        validation = rng.sample(job.val, min(_VALIDATION, len(job.val)))

        def score() -> float:
            return mean(job.score(row, job.ask_target(prompt.value, row["input"]))[0] for row in validation)

        best = score()
        while True:
            optimizer.zero_grad()
            losses = []
            for row in rng.sample(job.train, _BATCH):
                question = textgrad.Variable(row["input"], requires_grad=False, role_description="input")
                output = model(question)
                _, feedback = job.score(row, output.value)
                loss = textgrad.TextLoss(f"Evaluate the answer to this input. {row['input']}\n{feedback}")
                losses.append(loss(output))
            textgrad.sum(losses).backward()
            before = prompt.value
            optimizer.step()
            now = score()
            if now >= best:
                best, job.best = now, prompt.value
            else:
                prompt.set_value(before)
    job.finish()


if __name__ == "__main__":
    main()
