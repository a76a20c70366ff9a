"""Programs of several prompts for one task: experts behind a router (MoP, arXiv 2407.00256), and votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.protocols import Need, Team
from ...core.render import instruction_text
from ...core.routing import Router
from ...core.search_types import Proposal, Request
from ...core.tfidf import TfidfSpace, cosine
from ..algorithms.clustering import cluster_regions
from .demos import balanced_sample, demo_of

RouterKind = Literal["centroid", "nearest"]


def compose_mixture(
    experts: Mapping[str, Prompt],
    regions: Mapping[str, Sequence[str]],
    examples: Mapping[str, Example],
    kind: RouterKind,
) -> Program:
    """Region name → prompt and train rows, as one program: the rows' inputs are the router's anchors."""
    anchors = {name: tuple(examples[row].text for row in rows) for name, rows in regions.items()}
    return Program(prompts=dict(experts), router=Router(kind=kind, anchors=anchors))


def expert_prompt(candidate: Candidate, region: str) -> Prompt:
    """A candidate's prompt for a region: its own for it, or the one it has for everything."""
    return candidate.program.prompts.get(region, candidate.program.main)


@dataclass(kw_only=True)
class MixtureOfPrompts:
    """One prompt for each region of the inputs, and a router that chooses by likeness.

    A strategy that searches by region says in the order's options what is composed: `regions` (name → train rows),
    `experts` (name → the parent whose prompt it gets; the first parent's otherwise), `kind` of the router; or with
    `alone` the reverse, every prompt of the first parent as a program of its own. An order without these options
    finds regions itself and gives the first parent's prompt worked examples of each. Nothing is composed where programs
    are not run by chat calls alone: nobody would route there.

    kind, most, least: of the router, and how many regions of how many train rows. shots: examples for each region.
    """

    name: str = field(default="mixture", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(default=0, init=False)
    kind: RouterKind = "centroid"
    most: int = 4
    least: int = 4
    shots: int = 4

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        first, told = request.parents[0], request.order.options
        if told.get("alone"):
            made = {prompt.id: Proposal(program=Program.of(prompt)) for prompt in first.program.prompts.values()}
            return [one.model_copy(update={"rationale": "one expert for all inputs"}) for one in made.values()]
        if not request.task.chat:
            return []
        if any(len(one.program.prompts) > 1 and one.program.router is None for one in request.parents):
            return []  # the steps of a pipeline are no experts
        if "regions" not in told:
            return self._by_itself(request)
        parents = {one.id: one for one in request.parents}
        chosen = told.get("experts", {})
        experts = {name: expert_prompt(parents.get(chosen.get(name), first), name) for name in told["regions"]}
        program = compose_mixture(experts, told["regions"], request.examples, told.get("kind", self.kind))
        return [Proposal(program=program, rationale=f"one prompt for each of {len(experts)} regions")]

    def _by_itself(self, request: Request) -> list[Proposal]:
        regions = cluster_regions(request.train, most=self.most, least=self.least, rng=request.rng)
        if len(regions) < 2 or request.parents[0].program.router is not None:
            return []
        experts = {}
        for name, rows in regions.items():
            there = [request.examples[row] for row in rows]
            shown = balanced_sample(there, min(self.shots, len(there)), request.rng)
            experts[name] = request.parents[0].program.main.with_(demos=tuple(demo_of(row) for row in shown))
        program = compose_mixture(experts, regions, request.examples, self.kind)
        return [Proposal(program=program, rationale=f"worked examples of their own for {len(regions)} regions")]


@dataclass(kw_only=True)
class PromptEnsemble:
    """The best candidates that differ, as one program that votes.

    voices: an odd number. likeness: what full likeness to a voice already chosen costs, in points of the mean score.
    With fewer than three measured prompts there is nothing to vote, and where programs are not run by chat calls alone
    nobody counts the votes.
    """

    name: str = field(default="ensemble", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)
    voices: int = 3
    likeness: float = 0.2

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.task.chat:
            return []
        known = {one.id: one for one in (*request.peers, *request.parents, *request.ancestors)}
        plain = [one for one in known.values() if len(one.program.prompts) == 1 and one.id in request.scores]
        count = min(self.voices, len(plain))
        count -= 1 - count % 2
        if count < 3:
            return []
        chosen = self._different(plain, request.scores, count)
        program = Program(
            prompts={f"voice-{place}": one.program.main for place, one in enumerate(chosen, 1)},
            router=Router(kind="vote"),
        )
        parents = tuple(one.id for one in chosen)
        return [Proposal(program=program, rationale=f"{count} prompts that differ, by vote", parents=parents)]

    def _different(self, plain: Sequence[Candidate], scores: Mapping[str, float], count: int) -> list[Candidate]:
        """The best one first, then whoever is good and unlike those there are."""
        texts = {one.id: _prompt_text(one.program.main) for one in plain}
        space = TfidfSpace(list(texts.values()))
        places = {name: space.vector(text) for name, text in texts.items()}
        chosen: list[Candidate] = []
        while len(chosen) < count:
            left = [one for one in plain if one not in chosen]

            def worth(one: Candidate) -> float:
                near = max((cosine(places[one.id], places[other.id]) for other in chosen), default=0.0)
                return scores[one.id] - self.likeness * near

            chosen.append(max(left, key=worth))
        return chosen


def _prompt_text(prompt: Prompt) -> str:
    return "\n".join(
        [prompt.system, instruction_text(prompt), *(f"{demo.input} {demo.output}" for demo in prompt.demos)]
    )
