"""What is chosen per input: the nearest few-shot examples, and several option orders (Medprompt, arXiv 2311.16452)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.dataset import Example
from ...core.prompt import Demo
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.demo_sets import demos_with_reasoning
from ..algorithms.input_variants import shuffle_options


@dataclass(kw_only=True)
class NearestDemos:
    """All labeled train examples as a pool; each input is shown the `shots` most similar ones.

    Where the parent was right and gave its reasoning, the demo shows it, unless the answer could not be parsed with it.
    No proposal for a pool no larger than `shots`.

    Args:
        shots: Examples shown per input.
        most: Examples in the pool, those with reasoning first.
    """

    name = "nearest-demos"
    needs = NEEDS_TRAIN
    calls = 0

    shots: int = 5
    most: int = 200

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        pool = [self._legible(demo, request) for demo in demos_with_reasoning(request)]
        pool = sorted(pool, key=lambda demo: demo.rationale is None)[: self.most]
        if len(pool) <= self.shots:
            return []
        program = request.parents[0].program
        style = program.main.format.model_copy(update={"nearest": self.shots})
        explained = sum(demo.rationale is not None for demo in pool)
        rationale = f"the {self.shots} nearest of {len(pool)} examples per input, {explained} with reasoning"
        changed = program.main.with_(demos=tuple(pool), format=style)
        return [Proposal(program=program.replace(changed), rationale=rationale)]

    def _legible(self, demo: Demo, request: Request) -> Demo:
        contract = request.task.answer
        whole = f"{demo.rationale or ''}\n{demo.output}"
        same = contract.type == "text" or contract.read_answer(whole) == contract.read_answer(demo.output)
        return demo if same else demo.model_copy(update={"rationale": None})


@dataclass(kw_only=True)
class OptionShuffle:
    """Asks inputs with lettered options in several option orders and takes the majority.

    No proposal where fewer than half of the train examples list options.

    Args:
        turns: Option orders; the options rotate by one each time.
    """

    name = "option-shuffle"
    needs = NEEDS_NOTHING
    calls = 0

    turns: int = 5

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        listing = [row for row in request.train if any(shuffle_options(text, 1)[1] for text in _texts(row))]
        program = request.parents[0].program
        style = program.main.format
        if 2 * len(listing) < max(1, len(request.train)) or style.shuffles or not request.task.chat:
            return []
        changed = program.main.with_(format=style.model_copy(update={"shuffles": self.turns}))
        return [Proposal(program=program.replace(changed), rationale=f"majority over {self.turns} option orders")]


def _texts(row: Example) -> list[str]:
    return [row.input] if isinstance(row.input, str) else [str(value) for value in row.input.values()]
