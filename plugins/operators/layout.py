"""Prompt layout: positions and separators change accuracy (FormatSpread, arXiv 2310.11324)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from ...core.errors import UsageError
from ...core.prompt import Format, Prompt
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.render import group_digits
from ...core.search_types import Proposal, Request

_PREFIXES = (("", ""), ("Input: ", "Output:"), ("Q: ", "A:"), ("Text: ", "Answer:"))
_SEPARATORS = ("\n\n", "\n", "\n---\n")
_CASINGS = ("as-is", "lower", "upper", "title")
Change = Literal["placement", "prefix", "separator", "demos", "casing", "numbers"]


@dataclass(kw_only=True)
class LayoutMutation:
    """One or two layout changes, drawn from a fixed grammar.

    Args:
        changes: What may change: placement, prefix; with demos also separator, demos (turns or text) and casing (of
            their outputs); with numbers of four digits or more also numbers (digits grouped from the right).
    """

    name = "layout"
    needs = NEEDS_NOTHING
    calls = 0

    changes: Sequence[Change] = ("placement", "prefix", "separator", "demos")

    def __post_init__(self) -> None:
        if strange := [change for change in self.changes if change not in get_args(Change)]:
            raise UsageError(f"unknown layout change {strange[0]!r}", possible=get_args(Change))

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent = request.parents[0]
        prompt, proposals = parent.program.main, []
        changes = self._available_changes(request)
        for _ in range(request.order.count if changes else 0):
            style, rationale = _vary_layout(prompt, changes, request.rng)
            if style != prompt.format:
                proposals.append(
                    Proposal(program=parent.program.replace(prompt.with_(format=style)), rationale=rationale)
                )
        return proposals

    def _available_changes(self, request: Request) -> list[Change]:
        """Changes that make a difference for this prompt and these examples."""
        has_demos, inputs = bool(request.parents[0].program.main.demos), [row.text for row in request.train]
        can: dict[Change, bool] = {
            "placement": True,
            "prefix": True,
            "separator": has_demos,
            "demos": has_demos,
            "casing": has_demos,
            "numbers": any(group_digits(text) != text for text in inputs),
        }
        return [change for change in self.changes if can[change]]


class AnswerHint:
    """Adds, changes or removes the sentence about the answer format; it names the contract's labels, if any."""

    name = "answer-hint"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent = request.parents[0]
        prompt = parent.program.main
        labels = sorted(request.answers) or list(request.task.answer.labels)
        hints = ["", "Answer with the result only.", "Give a short answer and nothing else."]
        if request.task.answer.hint:
            hints.append(request.task.answer.hint)
        if labels:
            listed = " or ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)
            hints += [f"Answer with one word: {listed}.", f"Reply only {listed}."]
        other_hints = [hint for hint in dict.fromkeys(hints) if hint != prompt.format.answer_hint]
        chosen = request.rng.sample(other_hints, min(request.order.count, len(other_hints)))
        return [
            Proposal(
                program=parent.program.replace(
                    prompt.with_(format=prompt.format.model_copy(update={"answer_hint": hint}))
                ),
                rationale=f"answer format stated as {hint!r}" if hint else "answer format no longer stated",
            )
            for hint in chosen
        ]


def _vary_layout(prompt: Prompt, changes: Sequence[Change], rng: Random) -> tuple[Format, str]:
    style = prompt.format
    picked = rng.sample(changes, min(rng.choice((1, 1, 2)), len(changes)))
    update: dict[str, object] = {}
    for change in picked:
        match change:
            case "placement":
                update["placement"] = rng.choice([p for p in ("user", "system", "first") if p != style.placement])
            case "prefix":
                before, after = rng.choice([p for p in _PREFIXES if p[0] != style.input_prefix])
                update |= {"input_prefix": before, "output_prefix": after}
            case "separator":
                update["separator"] = rng.choice([s for s in _SEPARATORS if s != style.separator])
            case "casing":
                update["casing"] = rng.choice([c for c in _CASINGS if c != style.casing])
            case "numbers":
                update["numbers"] = "as-is" if style.numbers == "grouped" else "grouped"
            case "demos":
                update["demos"] = "text" if style.demos == "turns" else "turns"
    return style.model_copy(update=update), f"layout: {', '.join(picked)}"
