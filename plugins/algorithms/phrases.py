"""A text as phrases: where they begin and end, and edits of them. Needs neither a parser nor a model."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Literal

from ...core.prompt import placeholders_in
from ...core.words import TOKEN, length_in_words, needs_space

Edit = Literal["add", "delete", "swap", "substitute"]
_WORD = re.compile(rf"({TOKEN.pattern})(\s*)")
_CLOSES = tuple(".,;:!?。，；：！？、")
_OPENS = re.compile(
    r"and|or|but|if|when|where|while|that|which|who|whether|because|so|than|then|unless|until|with|without|in|on|of"
    r"|for|to|from|by|about|into|as|at|is|are|do|does",
    re.IGNORECASE,
)
# Words in a phrase: like the constituents of a parser, without one.
_MIN_WORDS, _MAX_WORDS = 2, 6
_ALIKE = (
    ("determine", "decide", "judge", "tell"),
    ("say", "state", "write"),
    ("answer", "reply", "respond"),
    ("give", "provide", "return"),
    ("classify", "sort", "label"),
    ("find", "identify", "locate"),
    ("choose", "select", "pick"),
    ("explain", "describe"),
    ("check", "verify"),
    ("read", "look at", "study"),
    ("input", "text", "passage"),
    ("following", "given", "next"),
    ("only", "just", "nothing but"),
    ("exactly", "precisely"),
    ("carefully", "closely", "with care"),
    ("correct", "right"),
    ("big", "large"),
    ("small", "little"),
    ("quick", "fast"),
    ("whether", "if"),
    ("each", "every"),
    ("must", "should", "has to"),
    ("use", "apply"),
    ("make", "create"),
    ("word", "term"),
    ("sentence", "statement"),
    ("question", "query"),
    ("task", "job"),
    ("example", "sample", "case"),
    ("below", "that follows"),
)
_SYNONYMS = {word: tuple(other for other in group if other != word) for group in _ALIKE for word in group}


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """Some words and the white space after them. A `fixed` phrase holds a placeholder and must not change."""

    text: str
    tail: str = " "

    @property
    def fixed(self) -> bool:
        return bool(placeholders_in(self.text))


def split_phrases(text: str) -> list[Phrase]:
    """The phrases in order; `join_phrases` restores the text, apart from white space at both ends.

    A phrase ends with a punctuation mark, at the end of a line, at a placeholder, before a word that begins a new part
    of the sentence, and after six words.
    """
    phrases: list[Phrase] = []
    words: list[str] = []
    inner = ""

    def close(tail: str) -> None:
        if words:
            phrases.append(Phrase(text="".join(words), tail=tail))
            words.clear()

    for match in _WORD.finditer(text.strip()):
        word, tail = match.groups()
        count = length_in_words("".join(words))
        full = count >= _MAX_WORDS and word.strip("".join(_CLOSES))
        if placeholders_in(word) or full or (count >= _MIN_WORDS and _OPENS.fullmatch(word)):
            close(inner)
        words.append(f"{inner}{word}" if words else word)
        inner = tail
        if word.endswith(_CLOSES) or "\n" in tail or placeholders_in(word):
            close(tail)
    close("")
    return phrases


def join_phrases(phrases: Sequence[Phrase]) -> str:
    text = ""
    for before, phrase in pairwise([Phrase(text="", tail=""), *phrases]):
        text += before.tail or (" " if needs_space(text, phrase.text) else "")
        text += phrase.text
    return text


def editable_positions(phrases: Sequence[Phrase]) -> list[int]:
    """Positions of phrases that may be edited."""
    return [index for index, phrase in enumerate(phrases) if not phrase.fixed]


def possible_edits(phrases: Sequence[Phrase], lost: Sequence[str], edits: Sequence[Edit]) -> list[Edit]:
    """The edits that can be made. lost: deleted phrases that can come back."""
    positions = editable_positions(phrases)
    can: dict[Edit, bool] = {
        "add": bool(lost),
        "delete": bool(positions) and len(phrases) > 1,
        "swap": len({phrases[index].text for index in positions}) > 1,
        "substitute": bool(positions),
    }
    return [edit for edit in edits if can[edit]]


def add_phrase(phrases: Sequence[Phrase], text: str, rng: Random) -> list[Phrase]:
    index = rng.randint(0, len(phrases))
    return [*phrases[:index], Phrase(text=text, tail=""), *phrases[index:]]


def delete_phrase(phrases: Sequence[Phrase], rng: Random) -> list[Phrase]:
    index = rng.choice(editable_positions(phrases))
    return [*phrases[:index], *phrases[index + 1 :]]


def swap_phrases(phrases: Sequence[Phrase], rng: Random) -> list[Phrase]:
    """Exchange two phrases with different words; white space stays in place."""
    first = rng.choice(editable_positions(phrases))
    second = rng.choice([index for index in editable_positions(phrases) if phrases[index].text != phrases[first].text])
    changed = list(phrases)
    changed[first] = Phrase(text=phrases[second].text, tail=phrases[first].tail)
    changed[second] = Phrase(text=phrases[first].text, tail=phrases[second].tail)
    return changed


def replace_phrase(phrases: Sequence[Phrase], index: int, text: str) -> list[Phrase]:
    return [Phrase(text=text, tail=phrase.tail) if at == index else phrase for at, phrase in enumerate(phrases)]


def replace_with_synonym(text: str, protected: Collection[str], rng: Random) -> str:
    """Replace one word by a synonym; unchanged if none is known. protected: words that must stay."""
    words = list(re.finditer(r"[A-Za-z]+", text))
    replaceable = [word for word in words if word[0].casefold() in _SYNONYMS and word[0].casefold() not in protected]
    if not replaceable:
        return text
    match = rng.choice(replaceable)
    new = rng.choice(_SYNONYMS[match[0].casefold()])
    return text[: match.start()] + (new.capitalize() if match[0][0].isupper() else new) + text[match.end() :]
