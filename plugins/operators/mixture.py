"""Programs of several prompts for one task: experts behind a router (MoP, arXiv 2407.00256), and voting ensembles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.render import instruction_text
from ...core.routing import Router
from ...core.search_types import Proposal, Request
from ...core.tfidf import TfidfSpace, cosine
from ..algorithms.clustering import cluster_regions
from ..algorithms.demo_sets import balanced_sample, demo_of

RouterKind = Literal["centroid", "nearest"]


def compose_mixture(
    experts: Mapping[str, Prompt],
    regions: Mapping[str, Sequence[str]],
    examples: Mapping[str, Example],
    kind: RouterKind,
) -> Program:
    """Compose one program from a prompt and train examples per region.

    The inputs of a region's examples are the router's anchors.
    """
    anchors = {name: tuple(examples[row].text for row in rows) for name, rows in regions.items()}
    return Program(prompts=dict(experts), router=Router(kind=kind, anchors=anchors))


def expert_prompt(candidate: Candidate, region: str) -> Prompt:
    """A candidate's prompt for a region: the region's own, or the main one."""
    return candidate.program.prompts.get(region, candidate.program.main)


@dataclass(kw_only=True)
class MixtureOfPrompts:
    """One prompt per region of the inputs, and a router that chooses by similarity.

    A strategy that searches by region passes in the order's options what to compose: `regions` (name → train examples),
    `experts` (name → the parent whose prompt it gets; by default the first parent's) and the router's `kind`; with
    `alone` it asks for the reverse, every prompt of the first parent as a program of its own. An order without these
    options clusters the inputs itself and gives the first parent's prompt few-shot examples of each region. No proposal
    where programs are not run by chat calls alone: nothing would route.

    Args:
        kind: Kind of router.
        most: Regions at most.
        least: Train examples per region, at least.
        shots: Few-shot examples per region.
    """

    name = "mixture"
    needs = NEEDS_TRAIN
    calls = 0

    kind: RouterKind = "centroid"
    most: int = 4
    least: int = 4
    shots: int = 4

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        first, options = request.parents[0], request.order.options
        if options.get("alone"):
            experts_alone = {
                prompt.id: Proposal(program=Program.of(prompt)) for prompt in first.program.prompts.values()
            }
            return [
                proposal.model_copy(update={"rationale": "one expert for all inputs"})
                for proposal in experts_alone.values()
            ]
        if not request.task.chat:
            return []
        if any(len(parent.program.prompts) > 1 and parent.program.router is None for parent in request.parents):
            return []  # the steps of a pipeline are not experts
        if "regions" not in options:
            return self._by_itself(request)
        parents = {parent.id: parent for parent in request.parents}
        chosen = options.get("experts", {})
        experts = {name: expert_prompt(parents.get(chosen.get(name), first), name) for name in options["regions"]}
        program = compose_mixture(experts, options["regions"], request.examples, options.get("kind", self.kind))
        return [Proposal(program=program, rationale=f"one prompt per region, {len(experts)} regions")]

    def _by_itself(self, request: Request) -> list[Proposal]:
        regions = cluster_regions(request.train, most=self.most, least=self.least, rng=request.rng)
        if len(regions) < 2 or request.parents[0].program.router is not None:
            return []
        experts = {}
        for name, rows in regions.items():
            there = [request.examples[row] for row in rows]
            sample = balanced_sample(there, min(self.shots, len(there)), request.rng)
            experts[name] = request.parents[0].program.main.with_(demos=tuple(demo_of(row) for row in sample))
        program = compose_mixture(experts, regions, request.examples, self.kind)
        return [Proposal(program=program, rationale=f"few-shot examples per region, {len(regions)} regions")]


@dataclass(kw_only=True)
class PromptEnsemble:
    """The best candidates that differ, as one program that votes.

    No proposal for fewer than three measured prompts, or where programs are not run by chat calls alone.

    Args:
        voices: Voters, an odd number.
        likeness: Penalty for full similarity to a chosen voter, in points of the mean score.
    """

    name = "ensemble"
    needs = NEEDS_NOTHING
    calls = 0

    voices: int = 3
    likeness: float = 0.2

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.task.chat:
            return []
        candidates = {candidate.id: candidate for candidate in (*request.peers, *request.parents, *request.ancestors)}
        plain = [
            candidate
            for candidate in candidates.values()
            if len(candidate.program.prompts) == 1 and candidate.id in request.scores
        ]
        count = min(self.voices, len(plain))
        count -= 1 - count % 2
        if count < 3:
            return []
        chosen = self._different(plain, request.scores, count)
        program = Program(
            prompts={f"voice-{index}": candidate.program.main for index, candidate in enumerate(chosen, 1)},
            router=Router(kind="vote"),
        )
        parents = tuple(candidate.id for candidate in chosen)
        return [Proposal(program=program, rationale=f"vote of {count} different prompts", parents=parents)]

    def _different(self, plain: Sequence[Candidate], scores: Mapping[str, float], count: int) -> list[Candidate]:
        """The best candidate first, then those that score well and differ from the chosen ones."""
        texts = {candidate.id: _prompt_text(candidate.program.main) for candidate in plain}
        space = TfidfSpace(list(texts.values()))
        vectors = {name: space.vector(text) for name, text in texts.items()}
        chosen: list[Candidate] = []
        while len(chosen) < count:
            others = [candidate for candidate in plain if candidate not in chosen]

            def worth(candidate: Candidate) -> float:
                similarity = max((cosine(vectors[candidate.id], vectors[other.id]) for other in chosen), default=0.0)
                return scores[candidate.id] - self.likeness * similarity

            chosen.append(max(others, key=worth))
        return chosen


def _prompt_text(prompt: Prompt) -> str:
    return "\n".join(
        [prompt.system, instruction_text(prompt), *(f"{demo.input} {demo.output}" for demo in prompt.demos)]
    )
