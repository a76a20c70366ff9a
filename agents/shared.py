"""Readers of the replies that several methods share: text, items, rows, a choice, a rating, verdicts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.dialogue.ask import Case, Reply
from ..core.dialogue.replies import CasesReply, ChoiceReply, ItemsReply, RatingReply, TextReply, VerdictsReply
from .blocks import jsonic, listed, open_ended, tagged, texts, under
from .tidy import refuses, whole_sentences

SHARED: frozenset[type[Reply]] = frozenset({TextReply, ItemsReply, CasesReply, ChoiceReply, RatingReply, VerdictsReply})
MOST = 40
LONGEST = 4000

_CHOSEN = ("choice", "choose", "better", "winner", "verdict", "answer")
_CHOICE_MARK = re.compile(rf"<[ \t]*(?:{'|'.join(_CHOSEN)})\b[^<>\n]{{0,40}}>", re.IGNORECASE)
_CHOICE = {"a": "a", "1": "a", "first": "a", "b": "b", "2": "b", "second": "b", "tie": "tie", "both": "tie"}
_RATING = re.compile(r"(?P<value>\d+(?:\.\d+)?)\s*(?:/|out of|of)?\s*(?P<top>\d+(?:\.\d+)?)?(?P<percent>\s*%)?")

_NUMBERED = re.compile(r"^\W*(?:q(?:uestion)?\s*)?\d*\s*[.):]?\s*", re.IGNORECASE)
_VERDICT = r"(yes|no|supported|unsupported|not supported)"
_FIRST = re.compile(rf"{_VERDICT}\b(?!\s*(?:/|or\b))", re.IGNORECASE)
_LAST = re.compile(rf"(?<![\w/])(?<!or )(?<!not ){_VERDICT}\W*$", re.IGNORECASE)

_GIVEN, _WANTED = ("input", "question", "text"), ("output", "expected", "answer", "label")
_MARKED = re.compile(
    rf"(?:{'|'.join(_GIVEN)})\s*\d*[\s*]*:[\s*]*(?P<given>.+?)\s*\n\W*"
    rf"(?:{'|'.join(_WANTED)})\s*\d*[\s*]*:[\s*]*(?P<wanted>[^\n]+)",
    re.IGNORECASE,
)


def flat(text: str) -> str:
    """Words alone, in lower case: how texts are compared."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def read_shared(reply: type[Reply], text: str, *, tags: tuple[str, ...], known: set[str], cut: bool) -> Reply | None:
    """The reply, or None where nobody could tell what was meant."""
    if reply is TextReply:
        return _text(text, tags, known, cut)
    if reply is ItemsReply:
        return _items(text, tags, known)
    if reply is CasesReply:
        return _cases(text, known)
    if reply is ChoiceReply:
        return _choice(text)
    if reply is VerdictsReply:
        return _verdicts(text, known)
    return _rating(text)


def _text(text: str, tags: tuple[str, ...], known: set[str], cut: bool) -> TextReply | None:
    blocks = tagged(text, *tags) if tags else []
    if blocks and cut and open_ended(text, *tags):
        blocks[-1] = whole_sentences(blocks[-1])
    said = texts(under(jsonic(text), tags)) if tags and not blocks else []
    found = (blocks or said or [whole_sentences(text) if cut else text])[-1].strip()[:LONGEST]
    return TextReply(text=found, raw=text) if found and flat(found) not in known and not refuses(found) else None


def _items(text: str, tags: tuple[str, ...], known: set[str]) -> ItemsReply | None:
    blocks = tagged(text, *tags) if tags else []
    found = [item for block in blocks for item in (listed(block) or [block])]
    value = None if found else jsonic(text)
    if value is not None:
        found = texts(under(value, tags) or (value if isinstance(value, list) else None))
    kept = {flat(one): " ".join(one.split()) for one in (found or listed(text)) if flat(one)}
    items = [one for key, one in kept.items() if key not in known and not refuses(one)]
    return ItemsReply(items=tuple(items[:MOST]), raw=text) if items else None


def _cases(text: str, known: set[str]) -> CasesReply | None:
    """Blocks in pairs, `<input>…</input><output>…</output>`; lines `Input: … Output: …`; or JSON objects."""
    pairs = _pairs(text)
    kept: dict[str, Case] = {}
    for given, wanted in pairs:
        if given.strip() and flat(given) not in known:
            kept.setdefault(flat(given), Case(input=given.strip()[:LONGEST], expected=wanted.strip()[:LONGEST]))
    return CasesReply(cases=tuple(kept.values())[:MOST], raw=text) if kept else None


def _pairs(text: str) -> list[tuple[str, str]]:
    inputs, outputs = tagged(text, "input", "question"), tagged(text, *_WANTED)
    if inputs:
        return list(zip(inputs, outputs, strict=True)) if len(inputs) == len(outputs) else [(one, "") for one in inputs]
    value = jsonic(text)
    rows = value if isinstance(value, list) else next((v for v in (value or {}).values() if isinstance(v, list)), None)
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return [(_of(row, _GIVEN), _of(row, _WANTED)) for row in rows]
    return [(one["given"].strip(" *\"'"), one["wanted"].strip(" *\"'")) for one in _MARKED.finditer(text)]


def _of(row: dict[str, object], names: Sequence[str]) -> str:
    return next((str(row[name]) for name in names if row.get(name) is not None), "")


def _choice(text: str) -> ChoiceReply | None:
    """The last marked choice; only without a mark the one that is named as better, or a bare letter. Its reason, where
    that has no mark of its own, is what was said before the choice."""
    blocks = tagged(text, *_CHOSEN)
    said = texts(under(jsonic(text), ("choice", "better", "winner", "verdict")))
    tail = re.findall(r"\b(?:choose|better|winner|answer|choice|prefer)\b[^.\n]{0,20}?\b(A|B|tie)\b", text)
    unmarked = (said[-1:], tail[-1:], [text] if len(text.split()) <= 3 else [])
    for found in (blocks[-1:],) if blocks else unmarked:
        words = {_CHOICE[word] for one in found for word in re.findall(r"\w+", one.casefold()) if word in _CHOICE}
        if len(words) == 1:
            marks = [one.start() for one in _CHOICE_MARK.finditer(text)]
            before = re.sub(r"</?\w{1,20}>", " ", text[: marks[-1]]) if marks else ""
            why = " ".join((tagged(text, "why", "reason", "analysis") or [before])[0].split())
            return ChoiceReply.model_validate({"choice": words.pop(), "why": why[:LONGEST], "raw": text})
    return None


def _verdicts(text: str, known: set[str]) -> VerdictsReply | None:
    """Lines that end, or begin, with one verdict: `2. yes`, `Q2: No, since …`, `The sky is blue: unsupported`."""
    blocks = tagged(text, "verdicts")
    found: list[tuple[str, bool]] = []
    for line in (blocks[-1] if blocks else text).splitlines():
        plain = _NUMBERED.sub("", line.strip())
        first, last = _FIRST.match(plain), _LAST.search(plain)
        mark = last or first
        if flat(line) in known or mark is None:
            continue
        thing = plain[: last.start()] if last else ""
        found.append((" ".join(thing.split()).strip(" :-–—*"), mark[1].casefold() in ("yes", "supported")))
    return VerdictsReply(verdicts=tuple(found[:MOST]), raw=text) if found else None


def _rating(text: str) -> RatingReply | None:
    """`<rating>7</rating>` of 10, `4/5`, `80 %`, or a number in [0, 1]; of ten where nothing else is said."""
    said = under(jsonic(text), ("rating", "score"))
    blocks = tagged(text, "rating", "score") or ([str(said)] if isinstance(said, int | float) else [])
    found = _RATING.search(blocks[-1] if blocks else text)
    if found is None:
        return None
    value, top = float(found["value"]), float(found["top"] or 0)
    most = 100.0 if found["percent"] else top or (1.0 if value <= 1 and "." in found["value"] else 10.0)
    if value > most:
        return None
    why = " ".join(tagged(text, "why", "reason")[:1])
    return RatingReply(rating=value / most, why=why[:LONGEST], raw=text)
