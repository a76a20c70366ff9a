"""Wordings of one prompt that mean the same: paraphrases, typing errors, other orders of parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from ...agents.asks.common import ParaphrasePrompt
from ...core.asks import CALLS_PER_ASK
from ...core.measures import PromptVariant
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, Need, Team

# A word in twenty: a reader notices, and understands all the same.
_WORDS_PER_ERROR = 20
_ATTEMPTS = 8
_WORD = re.compile(r"(?<![{\w])[a-z]{5,}(?![}\w])")


class ParaphrasePerturber:
    """The instruction in other words, by an optimizer model."""

    name = "paraphrase"
    needs: frozenset[Need] = frozenset({"optimizer"})
    calls = CALLS_PER_ASK

    async def vary_prompt(self, prompt: Prompt, count: int, *, rng: Random, team: Team) -> Sequence[PromptVariant]:
        variants: dict[str, PromptVariant] = {}
        for _ in range(count if prompt.instruction.strip() else 0):
            reply = await team.act(ParaphrasePrompt(prompt=prompt.instruction))
            if reply is None or not reply.prompt.strip():
                continue
            varied = prompt.with_(instruction=reply.prompt.strip())
            if varied.id != prompt.id and set(varied.placeholders) == set(prompt.placeholders):
                change = f"reworded: {reply.prompt.strip()[:80]}"
                variants[varied.id] = PromptVariant(prompt=varied, change=change, component="instruction")
        return list(variants.values())


class TypoPerturber:
    """Typing errors in the instruction: two letters swapped in one word of twenty, one word at least."""

    name = "typos"
    needs: frozenset[Need] = NEEDS_NOTHING
    calls = 0

    async def vary_prompt(self, prompt: Prompt, count: int, *, rng: Random, team: Team) -> Sequence[PromptVariant]:
        words = list(_WORD.finditer(prompt.instruction))
        errors = max(1, len(prompt.instruction.split()) // _WORDS_PER_ERROR)
        variants: dict[str, PromptVariant] = {}
        for _ in range(_ATTEMPTS * count if words else 0):
            if len(variants) >= count:
                break
            text, changes = prompt.instruction, []
            for word in rng.sample(words, min(errors, len(words))):
                at = rng.randrange(1, len(word[0]) - 2)
                swapped = word[0][:at] + word[0][at + 1] + word[0][at] + word[0][at + 2 :]
                text = text[: word.start()] + swapped + text[word.end() :]
                changes.append(swapped)
            varied = prompt.with_(instruction=text)
            if varied.id != prompt.id:
                change = f"typing errors: {', '.join(changes)}"
                variants[varied.id] = PromptVariant(prompt=varied, change=change, component="typing")
        return list(variants.values())


class DemoOrderPerturber:
    """The same demos in another order."""

    name = "demo-order"
    needs: frozenset[Need] = NEEDS_NOTHING
    calls = 0

    async def vary_prompt(self, prompt: Prompt, count: int, *, rng: Random, team: Team) -> Sequence[PromptVariant]:
        variants: dict[str, PromptVariant] = {}
        for _ in range(_ATTEMPTS * count if len(prompt.demos) > 1 else 0):
            if len(variants) >= count:
                break
            order = list(range(len(prompt.demos)))
            rng.shuffle(order)
            varied = prompt.with_(demos=tuple(prompt.demos[at] for at in order))
            if varied.id != prompt.id:
                change = f"demos in the order {', '.join(str(at + 1) for at in order)}"
                variants.setdefault(varied.id, PromptVariant(prompt=varied, change=change, component="demos"))
        return list(variants.values())


class SectionOrderPerturber:
    """The same sections, or rules, in another order."""

    name = "section-order"
    needs: frozenset[Need] = NEEDS_NOTHING
    calls = 0

    async def vary_prompt(self, prompt: Prompt, count: int, *, rng: Random, team: Team) -> Sequence[PromptVariant]:
        variants: dict[str, PromptVariant] = {}
        for _ in range(_ATTEMPTS * count if max(len(prompt.sections), len(prompt.principles)) > 1 else 0):
            if len(variants) >= count:
                break
            sections, principles = list(prompt.sections), list(prompt.principles)
            rng.shuffle(sections)
            rng.shuffle(principles)
            varied = prompt.with_(sections=tuple(sections), principles=tuple(principles))
            if varied.id != prompt.id:
                names = [section.name for section in sections] or [rule[:20] for rule in principles]
                change = f"in the order {', '.join(names)}"
                variants.setdefault(varied.id, PromptVariant(prompt=varied, change=change, component="sections"))
        return list(variants.values())
