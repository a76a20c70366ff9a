"""Tokens taken out of a fixed prompt with demos (PromptQuine, arXiv 2506.17930): what is left need not be readable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from ...core.prompt import Prompt, placeholders_in
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import deduplicate

_TOKEN = re.compile(r"(\{\w+\}|\w+|[^\w\s])(\s*)")


@dataclass(frozen=True, kw_only=True)
class Token:
    """A word or a mark and the white space after it. part: 0 is the instruction, then each demo's input and output."""

    part: int
    text: str
    tail: str


@dataclass(kw_only=True)
class TokenPrune:
    """One to `most` tokens fewer, in the instruction and in the demos; tokens are words and marks.

    least: no prompt gets fewer tokens than that. Placeholders stay, and of a demo's input and output one token each: a
    chat turn cannot be empty. Where the order says `at`, the token at that place alone goes, counted among those that
    may go; beyond the last there is nothing to propose.
    """

    most: int = 4
    least: int = 15
    name: str = field(default="token-prune", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, at = request.parents[0], request.order.options.get("at")
        prompt = parent.program.main
        tokens = tokenize(prompt)
        loose = prunable_positions(tokens)
        spare = len(tokens) - self.least
        if spare < 1 or not loose or (at is not None and int(at) >= len(loose)):
            return []
        made = []
        for _ in range(request.order.count):
            size = min(request.rng.randint(1, self.most), spare, len(loose))
            gone = [loose[int(at)]] if at is not None else sorted(request.rng.sample(loose, size))
            pruned, words = without_tokens(prompt, gone), " ".join(tokens[place].text for place in gone)
            if pruned != prompt:
                program = parent.program.replace(pruned)
                made.append(Proposal(program=program, rationale=f"pruned: {words}"))
        return deduplicate(made)


def tokenize(prompt: Prompt) -> list[Token]:
    return [
        Token(part=part, text=found[1], tail=found[2])
        for part, text in enumerate(_prompt_texts(prompt))
        for found in _TOKEN.finditer(text)
    ]


def prunable_positions(tokens: Sequence[Token]) -> list[int]:
    """The places of tokens that may go: no placeholder, and not the last one of a demo's turn."""
    sizes = Counter(token.part for token in tokens)
    return [
        place
        for place, token in enumerate(tokens)
        if not placeholders_in(token.text) and (token.part == 0 or sizes[token.part] > 1)
    ]


def without_tokens(prompt: Prompt, gone: Sequence[int]) -> Prompt:
    """The prompt without the tokens at these places. A demo's turn that would be left empty keeps its last token."""
    tokens, texts = tokenize(prompt), list(_prompt_texts(prompt))
    out = set(gone)
    for part in {tokens[place].part for place in gone}:
        places = [place for place, token in enumerate(tokens) if token.part == part]
        kept = [place for place in places if place not in out] or (places[-1:] if part else [])
        texts[part] = _join_tokens(tokens, kept)
    demos = tuple(
        demo.model_copy(update={"input": texts[2 * number + 1], "output": texts[2 * number + 2]})
        for number, demo in enumerate(prompt.demos)
    )
    return prompt.with_(instruction=texts[0], demos=demos)


def _join_tokens(tokens: Sequence[Token], kept: Sequence[int]) -> str:
    """The kept tokens as a text. Words that stood apart, or had something between them, do not become one."""
    text = ""
    for place, after in zip_longest(kept, kept[1:]):
        between = max((tokens[at].tail for at in range(place, after or place)), key=len, default="")
        apart = after is not None and not between and after > place + 1
        text += tokens[place].text + (" " if apart else between)
    return text.strip()


def _prompt_texts(prompt: Prompt) -> list[str]:
    return [prompt.instruction, *(text for demo in prompt.demos for text in (demo.input, demo.output))]
