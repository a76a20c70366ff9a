"""Readers of the replies that several methods share: text, items, cases, a choice, a rating, verdicts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.asks import AgentReply, Case
from ...core.words import length_in_words
from ..asks.replies import CasesReply, ChoiceReply, ItemsReply, RatingReply, TextReply, VerdictsReply
from .blocks import (
    find_json,
    find_list_items,
    find_tagged,
    is_unclosed,
    texts_in,
    value_under,
    without_chat_tokens,
)
from .clean import is_refusal, whole_sentences
from .marked import find_marked

SHARED_REPLIES: frozenset[type[AgentReply]] = frozenset(
    {TextReply, ItemsReply, CasesReply, ChoiceReply, RatingReply, VerdictsReply}
)
# More is a model that does not stop.
MAX_ITEMS = 40

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
    rf"(?:{'|'.join(_INPUT_KEYS)})\s*\d*[\s*]*:[\s*]*(?P<input>.+?)\s*\n\W*"
    rf"(?:{'|'.join(_OUTPUT_KEYS)})\s*\d*[\s*]*:[\s*]*(?P<output>[^\n]+)",
    re.IGNORECASE,
)


def normalize_words(text: str) -> str:
    """Words only, in lower case: how texts are compared."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def read_shared(
    reply: type[AgentReply], text: str, *, tags: tuple[str, ...], samples: set[str], cut: bool, partial: bool
) -> AgentReply | None:
    """The reply, or None if its meaning is unclear. The arguments are those of `parse_reply`."""
    if reply is TextReply:
        return _read_text(text, tags, samples, cut, partial)
    if reply is ItemsReply:
        return _read_items(text, tags, samples, cut)
    text = without_chat_tokens(text)
    if reply is CasesReply:
        return _read_cases(text, samples)
    if reply is ChoiceReply:
        return _read_choice(text)
    if reply is VerdictsReply:
        return _read_verdicts(text, samples)
    return _read_rating(text)


def _read_text(text: str, tags: tuple[str, ...], samples: set[str], cut: bool, partial: bool) -> TextReply | None:
    blocks = find_marked(text, *tags) if tags else []
    values = texts_in(value_under(find_json(text), tags)) if tags and not blocks and not cut else []
    answer = blocks[-1].text if blocks else [*values, without_chat_tokens(text)][0]
    if cut and not (blocks and blocks[-1].closed):
        answer = whole_sentences(answer) if partial else ""
    if not answer or normalize_words(answer) in samples or is_refusal(answer):
        return None
    return TextReply(text=answer, raw=text)


def _read_items(text: str, tags: tuple[str, ...], samples: set[str], cut: bool) -> ItemsReply | None:
    """Several blocks are an item each, as they stand; a block alone, or a text without, may hold a list of them.

    An item that was cut is none, unless it is the only one.
    """
    blocks = find_tagged(text, *tags) if tags else []
    marked = [block.text for block in find_marked(text, *tags) if block.closed] if tags else []
    if len(marked) > 1:
        items, unfinished = marked, False
    else:
        items = [item for block in blocks for item in (find_list_items(block) or [block])]
        unfinished = cut and is_unclosed(text, *tags)
    value = None if items else find_json(text)
    if value is not None:
        items = texts_in(value_under(value, tags) or (value if isinstance(value, list) else None))
    if not items:
        items, unfinished = find_list_items(without_chat_tokens(text)), cut
    if unfinished and len(items) > 1:
        items = items[:-1]
    by_words = {words: item.strip() for item in items if (words := normalize_words(item))}
    items = [item for words, item in by_words.items() if words not in samples and not is_refusal(item)]
    return ItemsReply(items=tuple(items[:MAX_ITEMS]), raw=text) if items else None


def _read_cases(text: str, samples: set[str]) -> CasesReply | None:
    """Blocks in pairs, `<input>…</input><output>…</output>`; lines `Input: … Output: …`; or JSON objects."""
    cases: dict[str, Case] = {}
    for input_text, output in _input_output_pairs(text):
        words = normalize_words(input_text)
        if input_text.strip() and words not in samples:
            case = Case(input=input_text.strip(), expected=output.strip())
            cases.setdefault(words, case)
    return CasesReply(cases=tuple(cases.values())[:MAX_ITEMS], raw=text) if cases else None


def _input_output_pairs(text: str) -> list[tuple[str, str]]:
    inputs, outputs = find_tagged(text, "input", "question"), find_tagged(text, *_OUTPUT_KEYS)
    if inputs:
        return (
            list(zip(inputs, outputs, strict=True)) if len(inputs) == len(outputs) else [(text, "") for text in inputs]
        )
    value = find_json(text)
    rows = value if isinstance(value, list) else next((v for v in (value or {}).values() if isinstance(v, list)), None)
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return [(_first_value(row, _INPUT_KEYS), _first_value(row, _OUTPUT_KEYS)) for row in rows]
    return [(pair["input"].strip(" *\"'"), pair["output"].strip(" *\"'")) for pair in _LABELLED_PAIR.finditer(text)]


def _first_value(row: dict[str, object], names: Sequence[str]) -> str:
    return next((str(row[name]) for name in names if row.get(name) is not None), "")


def _read_choice(text: str) -> ChoiceReply | None:
    """The last marked choice. Only without a mark: the one that is named as better, or a bare letter.

    A reason without a mark of its own is the text before the choice.
    """
    blocks = find_tagged(text, *_CHOICE_TAGS)
    values = texts_in(value_under(find_json(text), ("choice", "better", "winner", "verdict")))
    tail = re.findall(r"\b(?:choose|better|winner|answer|choice|prefer)\b[^.\n]{0,20}?\b(A|B|tie)\b", text)
    unmarked = (values[-1:], tail[-1:], [text] if length_in_words(text) <= 3 else [])
    for texts in (blocks[-1:],) if blocks else unmarked:
        words = {word for answer in texts for word in re.findall(r"\w+", answer.casefold())}
        choices = {_CHOICE[word] for word in words if word in _CHOICE}
        if len(choices) == 1:
            marks = [mark.start() for mark in _CHOICE_MARK.finditer(text)]
            before = re.sub(r"</?\w{1,20}>", " ", text[: marks[-1]]) if marks else ""
            why = " ".join((find_tagged(text, "why", "reason", "analysis") or [before])[0].split())
            return ChoiceReply.model_validate({"choice": choices.pop(), "why": why, "raw": text})
    return None


def _read_verdicts(text: str, samples: set[str]) -> VerdictsReply | None:
    """Lines that end, or begin, with one verdict: `2. yes`, `Q2: No, since …`, `The sky is blue: unsupported`."""
    blocks = find_tagged(text, "verdicts")
    verdicts: list[tuple[str, bool]] = []
    for line in (blocks[-1] if blocks else text).splitlines():
        plain = _NUMBERED.sub("", line.strip())
        first, last = _FIRST.match(plain), _LAST.search(plain)
        mark = last or first
        if normalize_words(line) in samples or mark is None:
            continue
        subject = plain[: last.start()] if last else ""
        positive = mark[1].casefold() in ("yes", "supported")
        verdicts.append((" ".join(subject.split()).strip(" :-–—*"), positive))
    return VerdictsReply(verdicts=tuple(verdicts[:MAX_ITEMS]), raw=text) if verdicts else None


def _read_rating(text: str) -> RatingReply | None:
    """`<rating>7</rating>` of 10, `4/5`, `80 %`, or a number in [0, 1]; of ten if nothing else is stated."""
    value = value_under(find_json(text), ("rating", "score"))
    blocks = find_tagged(text, "rating", "score") or ([str(value)] if isinstance(value, int | float) else [])
    match = _RATING.search(blocks[-1] if blocks else text)
    if match is None:
        return None
    number, top = float(match["value"]), float(match["top"] or 0)
    highest = 100.0 if match["percent"] else top or (1.0 if number <= 1 and "." in match["value"] else 10.0)
    if number > highest:
        return None
    why = " ".join(find_tagged(text, "why", "reason")[:1])
    return RatingReply(rating=number / highest, why=why, raw=text)
