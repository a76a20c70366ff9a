"""Few-shot examples define the task; the instruction only points at them.

In the ablation of CAPO (arXiv 2504.16005) runs that began from generic prompts ended higher than those that began from
task-specific ones: beside demos, a task's own words may pull a model towards an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import sample_items

_FILE = "generic-instructions.v1.txt"


@cache
def generic_instructions() -> tuple[str, ...]:
    """Instructions for a model that sees examples, one per line of the file."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line.strip())


class GenericInstruction:
    """The first parent with a generic instruction.

    No proposal for a parent without demos, or where placeholders in the instruction frame the input.
    """

    name = "generic-instruction"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        program = request.parents[0].program
        prompt = program.main
        if not prompt.demos or prompt.placeholders:
            return []
        others = [text for text in generic_instructions() if text != prompt.instruction]
        sampled = sample_items(others, request.order.count, request.rng)
        return [
            Proposal(program=program.replace(prompt.with_(instruction=text)), rationale="the examples say what to do")
            for text in sampled
        ]
