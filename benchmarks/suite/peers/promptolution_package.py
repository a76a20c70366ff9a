"""The package `promptolution`: CAPO (arXiv 2504.16005), EvoPrompt GA (2309.08532) and OPRO (2309.03409).

The package counts steps, not calls: the search goes on until the proxy ends it, and the best prompt of the last step
that ended stands.
"""

from __future__ import annotations

import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
from peer_job import BudgetSpent, PeerJob
from promptolution.llms.base_llm import BaseLLM
from promptolution.optimizers.capo import CAPO
from promptolution.optimizers.evoprompt_ga import EvoPromptGA
from promptolution.optimizers.opro import OPRO
from promptolution.predictors.base_predictor import BasePredictor
from promptolution.tasks.classification_tasks import ClassificationTask
from promptolution.utils.callbacks import BaseCallback

_STEPS = 1000
_POPULATION = 6
_AT_ONCE = 8


class ProxyModel(BaseLLM):
    """One role of the proxy."""

    def __init__(self, job: PeerJob, role: str) -> None:
        super().__init__()
        self._job, self._role = job, role

    def _get_response(self, prompts: list[str], system_prompts: list[str]) -> list[str]:
        def ask(pair: tuple[str, str]) -> str:
            system, prompt = pair
            return self._job.ask(
                self._role, [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
            )

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(ask, zip(system_prompts, prompts, strict=True)))


class WholeAnswer(BasePredictor):
    """The answer as it is: the metric reads it."""

    extraction_description = ""

    def _extract_preds(self, preds: list[str]) -> list[str]:
        return preds


class KeepBest(BaseCallback):
    """Keeps the best prompt of every step."""

    def __init__(self, job: PeerJob) -> None:
        super().__init__()
        self._job = job

    def on_step_end(self, optimizer: Any) -> bool:
        if len(optimizer.scores):
            best = max(range(len(optimizer.scores)), key=lambda at: float(optimizer.scores[at]))
            self._job.best = str(optimizer.prompts[best].construct_prompt())
        return True


def main() -> None:
    job = PeerJob.read()
    answers = {row["output"].lower(): row["output"] for row in (*job.train, *job.val)}

    def metric(right: Any, given: Any) -> float:
        return job.score({"input": "", "output": answers.get(right[0], right[0])}, str(given[0]))[0]

    with contextlib.redirect_stdout(sys.stderr):
        target, author = ProxyModel(job, "target"), ProxyModel(job, "author")
        predictor = WholeAnswer(llm=target)
        task = ClassificationTask(
            pd.DataFrame(job.val),
            task_description=job.prompt,
            x_column="input",
            y_column="output",
            n_subsamples=10,
            eval_strategy="subsample",
            seed=job.seed,
            metric=metric,
        )
        variations = author.get_response(
            [f"Generate a variation of the following instruction:\n{job.prompt}\n"
             f"Return it starting with <prompt> and ending with </prompt> tags. Variation {at}."
             for at in range(1, _POPULATION)]
        )  # fmt: skip
        prompts = [
            job.prompt,
            *(text.partition("<prompt>")[2].partition("</prompt>")[0] or text for text in variations),
        ]
        options: dict[str, Any] = {
            "predictor": predictor,
            "task": task,
            "initial_prompts": prompts,
            "callbacks": [KeepBest(job)],
        }
        method = job.options["method"]
        with contextlib.suppress(BudgetSpent):
            if method == "promptolution-capo":
                shots = pd.DataFrame(job.train)
                CAPO(meta_llm=author, df_few_shots=shots, create_fs_reasoning=False, **options).optimize(_STEPS)
            elif method == "promptolution-evoprompt":
                EvoPromptGA(meta_llm=author, **options).optimize(_STEPS)
            else:
                OPRO(meta_llm=author, **options).optimize(_STEPS)

    def answer(text: str) -> str:
        return target.get_response([f"{job.best}\n\n{text}"])[0]

    job.finish(answer)


if __name__ == "__main__":
    main()
