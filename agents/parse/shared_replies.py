"""Readers of the replies that several methods share: text, items, rows, a choice, a rating, verdicts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.asks import AgentReply, Case
from ..asks.replies import CasesReply, ChoiceReply, ItemsReply, RatingReply, TextReply, VerdictsReply
from .blocks import find_json, find_list_items, find_tagged, is_unclosed, texts_in, value_under
from .clean import is_refusal, whole_sentences

SHARED_REPLIES: frozenset[type[AgentReply]] = frozenset(
    {TextReply, ItemsReply, CasesReply, ChoiceReply, RatingReply, VerdictsReply}
)
MAX_ITEMS = 40
MAX_CHARACTERS = 4000

_CHOICE_TAGS = ("choice", "choose", "better", "winner", "verdict", "answer")
_CHOICE_MARK = re.compile(rf"<[ \t]*(?:{'|'.join(_CHOICE_TAGS)})\b[^<>\n]{{0,40}}>", re.IGNORECASE)
_CHOICE = {"a": "a", "1": "a", "first": "a", "b": "b", "2": "b", "second": "b", "tie": "tie", "both": "tie"}
_RATING = re.compile(r"(?P<value>\d+(?:\.\d+)?)\s*(?:/|out of|of)?\s*(?P<top>\d+(?:\.\d+)?)?(?P<percent>\s*%)?")

_NUMBERED = re.compile(r"^\W*(?:q(?:uestion)?\s*)?\d*\s*[.):]?\s*", re.IGNORECASE)
_VERDICT = r"(yes|no|supported|unsupported|not supported)"
_FIRST = re.compile(rf"{_VERDICT}\b(?!\s*(?:/|or\b))", re.IGNORECASE)
_LAST = re.compile(rf"(?<![\w/])(?<!or )(?<!not ){_VERDICT}\W*$", re.IGNORECASE)

_INPUT_KEYS, _OUTPUT_KEYS = ("input", "question", "text"), ("output", "expected", "answer", "label")
_LABELLED_PAIR = re.compile(
    rf"(?:{'|'.join(_INPUT_KEYS)})\s*\d*[\s*]*:[\s*]*(?P<given>.+?)\s*\n\W*"
    rf"(?:{'|'.join(_OUTPUT_KEYS)})\s*\d*[\s*]*:[\s*]*(?P<wanted>[^\n]+)",
    re.IGNORECASE,
)


def normalize_words(text: str) -> str:
    """Words alone, in lower case: how texts are compared."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def read_shared(
    reply: type[AgentReply], text: str, *, tags: tuple[str, ...], known: set[str], cut: bool
) -> AgentReply | None:
    """The reply, or None where nobody could tell what was meant."""
    if reply is TextReply:
        return _read_text(text, tags, known, cut)
    if reply is ItemsReply:
        return _read_items(text, tags, known)
    if reply is CasesReply:
        return _read_cases(text, known)
    if reply is ChoiceReply:
        return _read_choice(text)
    if reply is VerdictsReply:
        return _read_verdicts(text, known)
    return _read_rating(text)


def _read_text(text: str, tags: tuple[str, ...], known: set[str], cut: bool) -> TextReply | None:
    blocks = find_tagged(text, *tags) if tags else []
    if blocks and cut and is_unclosed(text, *tags):
        blocks[-1] = whole_sentences(blocks[-1])
    said = texts_in(value_under(find_json(text), tags)) if tags and not blocks else []
    found = (blocks or said or [whole_sentences(text) if cut else text])[-1].strip()[:MAX_CHARACTERS]
    return (
        TextReply(text=found, raw=text)
        if found and normalize_words(found) not in known and not is_refusal(found)
        else None
    )


def _read_items(text: str, tags: tuple[str, ...], known: set[str]) -> ItemsReply | None:
    blocks = find_tagged(text, *tags) if tags else []
    found = [item for block in blocks for item in (find_list_items(block) or [block])]
    value = None if found else find_json(text)
    if value is not None:
        found = texts_in(value_under(value, tags) or (value if isinstance(value, list) else None))
    kept = {
        normalize_words(one): " ".join(one.split()) for one in (found or find_list_items(text)) if normalize_words(one)
    }
    items = [one for key, one in kept.items() if key not in known and not is_refusal(one)]
    return ItemsReply(items=tuple(items[:MAX_ITEMS]), raw=text) if items else None


def _read_cases(text: str, known: set[str]) -> CasesReply | None:
    """Blocks in pairs, `<input>…</input><output>…</output>`; lines `Input: … Output: …`; or JSON objects."""
    pairs = _input_output_pairs(text)
    kept: dict[str, Case] = {}
    for given, wanted in pairs:
        if given.strip() and normalize_words(given) not in known:
            kept.setdefault(
                normalize_words(given),
                Case(input=given.strip()[:MAX_CHARACTERS], expected=wanted.strip()[:MAX_CHARACTERS]),
            )
    return CasesReply(cases=tuple(kept.values())[:MAX_ITEMS], raw=text) if kept else None


def _input_output_pairs(text: str) -> list[tuple[str, str]]:
    inputs, outputs = find_tagged(text, "input", "question"), find_tagged(text, *_OUTPUT_KEYS)
    if inputs:
        return list(zip(inputs, outputs, strict=True)) if len(inputs) == len(outputs) else [(one, "") for one in inputs]
    value = find_json(text)
    rows = value if isinstance(value, list) else next((v for v in (value or {}).values() if isinstance(v, list)), None)
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return [(_first_value(row, _INPUT_KEYS), _first_value(row, _OUTPUT_KEYS)) for row in rows]
    return [(one["given"].strip(" *\"'"), one["wanted"].strip(" *\"'")) for one in _LABELLED_PAIR.finditer(text)]


def _first_value(row: dict[str, object], names: Sequence[str]) -> str:
    return next((str(row[name]) for name in names if row.get(name) is not None), "")


def _read_choice(text: str) -> ChoiceReply | None:
    """The last marked choice; only without a mark the one that is named as better, or a bare letter. Its reason, where
    that has no mark of its own, is what was said before the choice."""
    blocks = find_tagged(text, *_CHOICE_TAGS)
    said = texts_in(value_under(find_json(text), ("choice", "better", "winner", "verdict")))
    tail = re.findall(r"\b(?:choose|better|winner|answer|choice|prefer)\b[^.\n]{0,20}?\b(A|B|tie)\b", text)
    unmarked = (said[-1:], tail[-1:], [text] if len(text.split()) <= 3 else [])
    for found in (blocks[-1:],) if blocks else unmarked:
        words = {_CHOICE[word] for one in found for word in re.findall(r"\w+", one.casefold()) if word in _CHOICE}
        if len(words) == 1:
            marks = [one.start() for one in _CHOICE_MARK.finditer(text)]
            before = re.sub(r"</?\w{1,20}>", " ", text[: marks[-1]]) if marks else ""
            why = " ".join((find_tagged(text, "why", "reason", "analysis") or [before])[0].split())
            return ChoiceReply.model_validate({"choice": words.pop(), "why": why[:MAX_CHARACTERS], "raw": text})
    return None


def _read_verdicts(text: str, known: set[str]) -> VerdictsReply | None:
    """Lines that end, or begin, with one verdict: `2. yes`, `Q2: No, since …`, `The sky is blue: unsupported`."""
    blocks = find_tagged(text, "verdicts")
    found: list[tuple[str, bool]] = []
    for line in (blocks[-1] if blocks else text).splitlines():
        plain = _NUMBERED.sub("", line.strip())
        first, last = _FIRST.match(plain), _LAST.search(plain)
        mark = last or first
        if normalize_words(line) in known or mark is None:
            continue
        thing = plain[: last.start()] if last else ""
        found.append((" ".join(thing.split()).strip(" :-–—*"), mark[1].casefold() in ("yes", "supported")))
    return VerdictsReply(verdicts=tuple(found[:MAX_ITEMS]), raw=text) if found else None


def _read_rating(text: str) -> RatingReply | None:
    """`<rating>7</rating>` of 10, `4/5`, `80 %`, or a number in [0, 1]; of ten where nothing else is said."""
    said = value_under(find_json(text), ("rating", "score"))
    blocks = find_tagged(text, "rating", "score") or ([str(said)] if isinstance(said, int | float) else [])
    found = _RATING.search(blocks[-1] if blocks else text)
    if found is None:
        return None
    value, top = float(found["value"]), float(found["top"] or 0)
    most = 100.0 if found["percent"] else top or (1.0 if value <= 1 and "." in found["value"] else 10.0)
    if value > most:
        return None
    why = " ".join(find_tagged(text, "why", "reason")[:1])
    return RatingReply(rating=value / most, why=why[:MAX_CHARACTERS], raw=text)
