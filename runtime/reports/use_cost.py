"""What one use of a prompt takes: tokens, estimated from its texts, and dollars where the model has a price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from ...core.dataset import Example
from ...core.models import ModelRef
from ...core.program import Program
from ...core.render import prompt_text, render, with_shared_prompt
from ...core.score import Evaluation, Response
from ...core.words import expected_tokens
from ..models.profile import profile_of
from .document import UNKNOWN, CostRow
from .text import usd_text

_USES = 1000
# Targets that send a program's prompts and nothing else; what others send beside them is not stored.
_PLAIN_TARGETS = ("chat", "pipeline")


@dataclass(frozen=True, kw_only=True)
class UseTokens:
    """Mean tokens of one use: what is sent and what comes back."""

    prompt: float
    answer: float


def can_estimate_use(target: str) -> bool:
    """Whether a target sends the program's prompts and nothing else."""
    return target in _PLAIN_TARGETS


def mean_use(program: Program, results: Iterable[tuple[Example, Evaluation | Response]]) -> UseTokens | None:
    """Estimate what a use takes from the examples that a program was run on; None without any."""
    prompts, answers = [], []
    for example, result in results:
        steps = result.trajectory if isinstance(result, Evaluation) else ()
        named = [step for step in steps if step.get("prompt") in program.prompts]
        if named:
            prompts.append(sum(_step_tokens(program, step["prompt"], step.get("input", "")) for step in named))
            answers.append(sum(expected_tokens(step.get("output", "")) for step in named))
        elif len(program.prompts) == 1:
            messages = render(with_shared_prompt(program, program.main_name), example)
            prompts.append(sum(expected_tokens(message["content"] or "") for message in messages))
            answers.append(expected_tokens(result.output))
    return UseTokens(prompt=fmean(prompts), answer=fmean(answers)) if prompts else None


def cost_rows(start: UseTokens | None, best: UseTokens | None, model: ModelRef | None) -> tuple[CostRow, ...]:
    """Tokens of one use and dollars of 1,000, before and after. model: the target, None if it is not known."""
    price = known_price(model) if model is not None else None
    return (
        CostRow(label="Tokens (about)", start=_tokens_text(start), best=_tokens_text(best)),
        CostRow(label="1,000 uses", start=_usd_text(start, price), best=_usd_text(best, price)),
    )


def known_price(model: ModelRef) -> tuple[float, float] | None:
    """US dollars per million prompt tokens and per million answer tokens; None where they are not known."""
    if model.options.price is not None or model.provider == "local" or not model.api_base:
        return profile_of(model).price
    return None  # another server under a known name has prices of its own


def _step_tokens(program: Program, name: str, text: str) -> float:
    return expected_tokens(prompt_text(program, name)) + expected_tokens(text)


def _tokens_text(use: UseTokens | None) -> str:
    if use is None:
        return UNKNOWN
    return f"{use.prompt + use.answer:,.0f} ({use.prompt:,.0f} in, {use.answer:,.0f} out)"


def _usd_text(use: UseTokens | None, price: tuple[float, float] | None) -> str:
    """price: US dollars per million prompt tokens and per million answer tokens."""
    if price == (0.0, 0.0):
        return "free (local)"
    if use is None or price is None:
        return UNKNOWN
    return usd_text(_USES * (use.prompt * price[0] + use.answer * price[1]) / 1e6)
