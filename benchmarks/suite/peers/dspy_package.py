"""The package `dspy`: MIPROv2 (arXiv 2406.11695), GEPA (2507.19457) and SIMBA over one `Predict` with the start prompt.

The schedules of MIPROv2 and SIMBA are set from the budget, since these count trials and steps, not calls.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import dspy
from peer_job import PeerJob

# MIPROv2 runs train to bootstrap worked examples, and val once; then a minibatch a trial, and each fifth time val.
_MIPRO_START, _MIPRO_BATCH = 100, 20
# SIMBA runs its last candidates on all of train, four of them or more.
_SIMBA_BATCH, _SIMBA_CANDIDATES, _SIMBA_END = 8, 3, 4


def main() -> None:
    job = PeerJob.read()
    signature = dspy.Signature("question -> answer", job.prompt)
    student = dspy.Predict(signature)
    target, author = (_model(job, role) for role in ("target", "author"))
    dspy.configure(lm=target, adapter=dspy.ChatAdapter(use_json_adapter_fallback=False))
    train, val = _examples(job.train), _examples(job.val)

    def scored(gold: Any, prediction: Any) -> tuple[float, str]:
        row = {"input": gold.question, "output": gold.answer}
        return job.score(row, str(getattr(prediction, "answer", "") or ""))

    def metric(gold: Any, prediction: Any, trace: Any = None) -> float:
        return scored(gold, prediction)[0]

    def metric_with_feedback(gold: Any, prediction: Any, trace: Any = None, name: Any = None, part: Any = None) -> Any:
        score, feedback = scored(gold, prediction)
        return dspy.Prediction(score=score, feedback=feedback)

    with contextlib.redirect_stdout(sys.stderr):
        method = job.options["method"]
        if method == "dspy-mipro":
            trials = max(2, (job.calls - _MIPRO_START) // (_MIPRO_BATCH + len(val) // 5))
            optimizer = dspy.MIPROv2(
                metric=metric, prompt_model=author, task_model=target, auto=None, num_candidates=6, seed=job.seed
            )
            program = optimizer.compile(
                student, trainset=train, valset=val, num_trials=trials, minibatch_size=_MIPRO_BATCH
            )
        elif method == "dspy-gepa":
            optimizer = dspy.GEPA(
                metric=metric_with_feedback, max_metric_calls=job.calls, reflection_lm=author, seed=job.seed
            )
            program = optimizer.compile(student, trainset=train, valset=val)
        else:
            a_step = 2 * _SIMBA_BATCH * _SIMBA_CANDIDATES
            optimizer = dspy.SIMBA(
                metric=metric,
                bsize=_SIMBA_BATCH,
                num_candidates=_SIMBA_CANDIDATES,
                max_steps=max(1, (job.calls - _SIMBA_END * len(train)) // a_step),
                prompt_model=author,
            )
            program = optimizer.compile(student, trainset=train, seed=job.seed)
    predictor = program.predictors()[0]
    job.finish(lambda text: _answer(program, text), prompt=str(predictor.signature.instructions))


def _answer(program: Any, text: str) -> str:
    try:
        return str(program(question=text).answer or "")
    except Exception as error:  # noqa: BLE001 - an answer that the adapter cannot read is a wrong answer
        return f"unreadable: {type(error).__name__}"


def _model(job: PeerJob, role: str) -> Any:
    name = job.target if role == "target" else job.author
    limit = 1000 if role == "target" else 8000
    return dspy.LM(
        f"openai/{name}", api_base=f"{job.base}/{role}/v1", api_key="none", cache=False, num_retries=0, max_tokens=limit
    )


def _examples(rows: list[dict[str, str]]) -> list[Any]:
    return [dspy.Example(question=row["input"], answer=row["output"]).with_inputs("question") for row in rows]


if __name__ == "__main__":
    main()
