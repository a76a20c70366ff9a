"""Labels and option letters in outputs. An output that names two answers has none, unless a marker settles it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from .answer_markers import boxed_answer, marked_answer, named_last_line, normalize_characters, tagged_answer

LabelRead = Literal["mention", "whole", "last"]

_DECORATION = "\"'`*“”‘’_#()[]{}<>|:- \t\n"
# Scripts without spaces between words: a label may touch other letters.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_OPTION_WORD = re.compile(
    r"(?<!\w)(?:answer|option|choice)\s*(?:is|:)?\s*[*_(\[]*([B-Zb-z]|[Aa](?!\s+[a-z]{2,}))(?![A-Za-z'])", re.IGNORECASE
)
_LEADING_LETTER = re.compile(
    r"(?:(?:the|la|le|el|die|der|das|option|choice|letter|opción|lettre)\s+)?[*_(\[\s]*([A-Za-z])(?![A-Za-z'])[*_)\]]*"
)
_BRACKETED_LETTER = re.compile(r"[(\[]([A-Za-z])[)\]]")
_LISTED_LETTER = re.compile(r"^[*_\s]*([A-Z])[.):]\s", re.MULTILINE)
# "It is C." and the like: the letter ends its clause, so that "it is a pity" and "vitamin C" say nothing.
_STATED_LETTER = re.compile(
    r"(?:(?<!\w)(?:is|it's|be|choose|pick|select|c'est|ist|es|è)\s+|[是选選])[*_(\[]*([A-Z])[*_)\]]*(?=\s*(?:$|[.,;!?\n。]))"
)
_NEGATED = re.compile(
    r"(?<!\w)(?:not|isn't|nicht|kein|no|non|pas|нет|не)\s+(?:option\s+)?[*_(\[]*[A-Za-z](?![A-Za-z'])", re.I
)
_JOINED = re.compile(r"\s*(?:/|,|&|\||\bor\b|\band\b|\bund\b|\boder\b|\bet\b|\bou\b|\by\b|\bo\b)\s*", re.IGNORECASE)


def normalize_answer(text: str) -> str:
    """Remove what does not carry the answer: case, outer white space, quotes, emphasis, closing stops."""
    text = normalize_characters(text)
    return " ".join(text.strip().strip("\"'`*“”‘’").rstrip(".!。！").strip("\"'`*“”‘’").casefold().split())


def read_label(text: str, labels: Sequence[str], read: LabelRead) -> str | None:
    """The one label that a text without reasoning gives as its answer, or None.

    Tried in turn: the whole text, a box, the clause behind a marker, the last line of the form `Name: label`, the
    only label mentioned, and with `last` the last label mentioned.
    """
    text = normalize_characters(text)
    by_name = {normalize_answer(label): label for label in labels}
    if (whole := by_name.get(normalize_answer(text))) is not None:
        return whole
    if read == "whole":
        return None
    for clause in (boxed_answer(text), marked_answer(text), named_last_line(text)):
        if clause is not None and (label := _answer_in(clause, labels)) is not None:
            return label
    mentioned = _mentions(text, labels)
    if len(mentioned) == 1:
        return mentioned[0]
    return _last_mention(text, labels) if read == "last" else None


def read_choice(text: str) -> str | None:
    """The one option letter that a text without reasoning gives as its answer, upper case, or None."""
    text = normalize_characters(text).strip()
    for part in (text, boxed_answer(text), tagged_answer(text)):
        if part is not None and (letter := _bare_letter(part)):
            return letter
    clause = marked_answer(text)
    if clause is not None:
        leading = _LEADING_LETTER.match(clause)
        if leading is not None and not re.match(
            r"\s+[a-z]+\s+[a-z]", clause[leading.end() :] if leading[1] == "a" else ""
        ):
            return leading[1].upper() if not _second_letter(clause, leading) else None
    asserted = _NEGATED.sub(" ", text)
    for pattern in (_OPTION_WORD, _BRACKETED_LETTER, _LISTED_LETTER, _STATED_LETTER):
        letters = {letter.upper() for letter in pattern.findall(asserted)}
        if letters:
            return letters.pop() if len(letters) == 1 else None
    return None


def _bare_letter(text: str) -> str | None:
    """The letter of a text that has one letter and nothing else that could be said."""
    letter = text.strip(_DECORATION).rstrip(".")
    return letter.upper() if re.fullmatch(r"[A-Za-z]", letter.strip(_DECORATION)) else None


def _is_article(clause: str, leading: re.Match[str]) -> bool:
    """Whether the letter is the English article: "the answer is a matter of taste"."""
    return leading[1] in "aA" and re.match(r"\s+[a-z]{2,}", clause[leading.end() :]) is not None


def _second_letter(clause: str, leading: re.Match[str]) -> bool:
    """Whether another letter is joined to the leading one: `A or B`."""
    joined = _JOINED.match(clause, leading.end())
    other = _LEADING_LETTER.match(clause, joined.end()) if joined else None
    return other is not None and other[1].upper() != leading[1].upper()


def _spans(text: str, labels: Sequence[str]) -> list[tuple[int, int, str]]:
    """Where labels stand, in order. Longest first, so that "not valid" is not read as "valid" too."""
    rest = text.casefold()
    spans: list[tuple[int, int, str]] = []
    for label in sorted(labels, key=len, reverse=True):
        name = normalize_characters(label).casefold()
        bounded = re.escape(name) if _UNSPACED.search(name) else rf"(?<!\w){re.escape(name)}(?!\w)"
        for match in re.finditer(bounded, rest):
            spans.append((match.start(), match.end(), label))
        # The same length, so that later spans stay where they are.
        rest = re.sub(bounded, lambda match: "\0" * len(match[0]), rest)
    return sorted(spans)


def _answer_in(clause: str, labels: Sequence[str]) -> str | None:
    """The only label of a clause, or the one that begins it: `negative, although it calls itself positive`."""
    spans = _spans(clause, labels)
    if len({label for _, _, label in spans}) == 1:
        return spans[0][2]
    if not spans or clause[: spans[0][0]].strip(_DECORATION):
        return None
    (_, end, first), (start, _, second) = spans[0], spans[1]
    return None if first != second and _JOINED.fullmatch(clause[end:start]) else first


def _mentions(text: str, labels: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(label for _, _, label in _spans(text, labels)))


def _last_mention(text: str, labels: Sequence[str]) -> str | None:
    """The last label, unless it is joined to another one: `billing/delivery` names two."""
    spans = _spans(text, labels)
    if len(spans) < 2:
        return spans[0][2] if spans else None
    (_, end, earlier), (start, _, last) = spans[-2], spans[-1]
    return None if earlier != last and _JOINED.fullmatch(text.casefold()[end:start]) else last
