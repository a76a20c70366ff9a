"""Pruning tokens of a few-shot prompt (PromptQuine, arXiv 2506.17930); the result need not be readable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ...core.prompt import Prompt, placeholders_in
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ...core.words import UNIT
from ..algorithms.llm_helpers import deduplicate

_TOKEN = re.compile(rf"(\{{\w+\}}|{UNIT.pattern}|[^\w\s])(\s*)")


@dataclass(frozen=True, kw_only=True)
class Token:
    """A word or mark with the white space after it. part: 0 is the instruction, then each demo's input and output."""

    part: int
    text: str
    tail: str


@dataclass(kw_only=True)
class TokenPrune:
    """Removes one to `most` tokens from the instruction and the demos; tokens are words and marks.

    Placeholders stay, and so does one token of each demo's input and output: a chat turn cannot be empty. With the
    order's option `at` only the token at that position goes, counted among the removable ones; beyond the last there is
    no proposal.

    Args:
        most: Tokens removed at most.
        least: Tokens that a prompt keeps at least.
    """

    name = "token-prune"
    needs = NEEDS_NOTHING
    calls = 0

    most: int = 4
    least: int = 15

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, at = request.parents[0], request.order.options.get("at")
        prompt = parent.program.main
        tokens = tokenize(prompt)
        loose = prunable_positions(tokens)
        spare = len(tokens) - self.least
        if spare < 1 or not loose or (at is not None and int(at) >= len(loose)):
            return []
        proposals = []
        for _ in range(request.order.count):
            size = min(request.rng.randint(1, self.most), spare, len(loose))
            gone = [loose[int(at)]] if at is not None else sorted(request.rng.sample(loose, size))
            pruned, words = without_tokens(prompt, gone), " ".join(tokens[index].text for index in gone)
            if pruned != prompt:
                program = parent.program.replace(pruned)
                proposals.append(Proposal(program=program, rationale=f"pruned: {words}"))
        return deduplicate(proposals)


def tokenize(prompt: Prompt) -> list[Token]:
    """The prompt's tokens."""
    return [
        Token(part=part, text=match[1], tail=match[2])
        for part, text in enumerate(_prompt_texts(prompt))
        for match in _TOKEN.finditer(text)
    ]


def prunable_positions(tokens: Sequence[Token]) -> list[int]:
    """Positions of removable tokens: no placeholder, and not the last token of a demo's turn."""
    sizes = Counter(token.part for token in tokens)
    return [
        index
        for index, token in enumerate(tokens)
        if not placeholders_in(token.text) and (token.part == 0 or sizes[token.part] > 1)
    ]


def without_tokens(prompt: Prompt, gone: Sequence[int]) -> Prompt:
    """The prompt without the tokens at these positions. A demo's turn keeps its last token."""
    tokens, texts = tokenize(prompt), list(_prompt_texts(prompt))
    out = set(gone)
    for part in {tokens[index].part for index in gone}:
        indices = [index for index, token in enumerate(tokens) if token.part == part]
        remaining = [index for index in indices if index not in out] or (indices[-1:] if part else [])
        texts[part] = _join_tokens(tokens, remaining)
    demos = tuple(
        demo.model_copy(update={"input": texts[2 * number + 1], "output": texts[2 * number + 2]})
        for number, demo in enumerate(prompt.demos)
    )
    return prompt.with_(instruction=texts[0], demos=demos)


def _join_tokens(tokens: Sequence[Token], positions: Sequence[int]) -> str:
    """The kept tokens as a text. Words that were separate stay separate."""
    text = ""
    for index, after in zip_longest(positions, positions[1:]):
        between = max((tokens[at].tail for at in range(index, after or index)), key=len, default="")
        apart = after is not None and not between and after > index + 1
        text += tokens[index].text + (" " if apart else between)
    return text.strip()


def _prompt_texts(prompt: Prompt) -> list[str]:
    return [prompt.instruction, *(text for demo in prompt.demos for text in (demo.input, demo.output))]
