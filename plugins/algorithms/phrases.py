"""A text as phrases: where they begin and end, and what can be done with them. No grammar is asked, no model either."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from ...core.prompt import placeholders_in

Edit = Literal["add", "delete", "swap", "substitute"]
_WORD = re.compile(r"(\S+)(\s*)")
_CLOSES = (".", ",", ";", ":", "!", "?")
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
    """Some words and the white space after them. A phrase with a placeholder is `fixed`: nothing may change it."""

    text: str
    tail: str = " "

    @property
    def fixed(self) -> bool:
        return bool(placeholders_in(self.text))


def split_phrases(text: str) -> list[Phrase]:
    """The phrases in order; `joined` makes the same text of them, white space at both ends aside.

    A phrase ends with a punctuation mark, at the end of a line, at a placeholder, before a word that opens a new part
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
        count = len("".join(words).split())
        if placeholders_in(word) or count >= _MAX_WORDS or (count >= _MIN_WORDS and _OPENS.fullmatch(word)):
            close(inner)
        words.append(f"{inner}{word}" if words else word)
        inner = tail
        if word.endswith(_CLOSES) or "\n" in tail or placeholders_in(word):
            close(tail)
    close("")
    return phrases


def join_phrases(phrases: Sequence[Phrase]) -> str:
    return "".join(f"{phrase.text}{phrase.tail or ' '}" for phrase in phrases[:-1]) + (
        phrases[-1].text if phrases else ""
    )


def editable_positions(phrases: Sequence[Phrase]) -> list[int]:
    """The places that may be edited."""
    return [place for place, phrase in enumerate(phrases) if not phrase.fixed]


def possible_edits(phrases: Sequence[Phrase], lost: Sequence[str], edits: Sequence[Edit]) -> list[Edit]:
    """Which edits can be made at all. lost: phrases that were deleted earlier and can come back."""
    places = editable_positions(phrases)
    can: dict[Edit, bool] = {
        "add": bool(lost),
        "delete": bool(places) and len(phrases) > 1,
        "swap": len({phrases[place].text for place in places}) > 1,
        "substitute": bool(places),
    }
    return [edit for edit in edits if can[edit]]


def add_phrase(phrases: Sequence[Phrase], text: str, rng: Random) -> list[Phrase]:
    place = rng.randint(0, len(phrases))
    return [*phrases[:place], Phrase(text=text), *phrases[place:]]


def delete_phrase(phrases: Sequence[Phrase], rng: Random) -> list[Phrase]:
    place = rng.choice(editable_positions(phrases))
    return [*phrases[:place], *phrases[place + 1 :]]


def swap_phrases(phrases: Sequence[Phrase], rng: Random) -> list[Phrase]:
    """Two phrases with different words change places; white space stays where it is."""
    first = rng.choice(editable_positions(phrases))
    second = rng.choice([place for place in editable_positions(phrases) if phrases[place].text != phrases[first].text])
    changed = list(phrases)
    changed[first] = Phrase(text=phrases[second].text, tail=phrases[first].tail)
    changed[second] = Phrase(text=phrases[first].text, tail=phrases[second].tail)
    return changed


def replace_phrase(phrases: Sequence[Phrase], place: int, text: str) -> list[Phrase]:
    return [Phrase(text=text, tail=phrase.tail) if at == place else phrase for at, phrase in enumerate(phrases)]


def replace_with_synonym(text: str, protected: Collection[str], rng: Random) -> str:
    """One word exchanged for another of like meaning; the same text where none is known. kept: never exchanged."""
    words = list(re.finditer(r"[A-Za-z]+", text))
    replaceable = [word for word in words if word[0].casefold() in _SYNONYMS and word[0].casefold() not in protected]
    if not replaceable:
        return text
    match = rng.choice(replaceable)
    new = rng.choice(_SYNONYMS[match[0].casefold()])
    return text[: match.start()] + (new.capitalize() if match[0][0].isupper() else new) + text[match.end() :]
