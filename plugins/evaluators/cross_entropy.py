"""The cross-entropy of the reference under the target model. No answer is sampled."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Call, ModelRef
from ...core.program import Program
from ...core.protocols import Gateway, Need
from ...core.render import render, with_shared_prompt
from ..algorithms.llm_helpers import gather_all


class CrossEntropy:
    """The token cross-entropy of the first reference after the prompt, in nats (PMPO, arXiv 2505.16307).

    One call of a model that returns log-probabilities of a given text; for voting prompts one call each, and their
    mean. A pipeline's inner steps have no references, so its loss is a UsageError.
    """

    name = "cross-entropy"
    needs: frozenset[Need] = frozenset({"references", "logprobs"})

    async def loss(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> float:
        if program.router is None and len(program.prompts) > 1:
            raise UsageError(
                "a program of several steps has no cross-entropy: only its last step has references",
                where=self.name,
                remedy="choose a recipe without a loss, or optimize the last step as a task of its own",
            )
        losses: Sequence[float] = await gather_all(
            gateway.loss(
                Call(model=model, messages=tuple(render(with_shared_prompt(program, name), example))),
                example.output or "",
                "target",
            )
            for name in program.prompts_for(example)
        )
        return sum(losses) / len(losses)
