"""From what a model said to a typed reply, or None where nobody could tell what was meant. Never raises.

Tried in turn: tagged blocks, JSON, lists or fences, and for some replies the bare text. An answer that only repeats
a sample of the instruction, or its own form, is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from ...core.asks import AgentReply, Ask
from ..asks.common import FindReasons, PlanPath
from ..asks.replies import JudgementReply, PathReply, PromptReply, QuestionsReply, ReasonsReply
from .blocks import (
    clean_output,
    find_fenced,
    find_json,
    find_list_items,
    find_tagged,
    is_unclosed,
    texts_in,
    value_under,
)
from .clean import clean_prompt, is_instruction, is_refusal, whole_sentences
from .shared_replies import SHARED_REPLIES, read_shared
from .shared_replies import normalize_words as _flat

PROMPT_TAGS = ("prompt", "new_prompt", "improved_prompt", "instruction", "ins")
MAX_ITEMS = 12
MAX_ITEM_CHARACTERS = 800
MAX_CHARACTERS = 20_000


def parse_reply(
    ask: Ask[Any], text: str, *, cut: bool = False, samples: Iterable[str] = (), tags: Sequence[str] = ()
) -> AgentReply | None:
    """cut: the model ran out of tokens, so an open block ends with its last whole sentence. samples: texts that
    the instruction gave as samples. tags: the blocks that the instruction wants."""
    text, known = clean_output(text)[:MAX_CHARACTERS], {_flat(one) for one in samples}
    if not text:
        return None
    if ask.reply is PromptReply:
        prompt = _read_prompt(text, cut, known)
        return PromptReply(prompt=prompt, raw=text) if prompt else None
    if ask.reply is JudgementReply:
        return _read_judgement(text)
    if ask.reply is ReasonsReply:
        most = ask.count if isinstance(ask, FindReasons) else MAX_ITEMS
        reasons = _read_items(text, ("reason", "reasons"), known)
        if not reasons and not find_tagged(text, "reason"):
            reasons = _paragraphs(text, cut, known)
        return ReasonsReply(reasons=tuple(reasons[:most]), raw=text) if reasons else None
    if ask.reply is QuestionsReply:
        questions = [one for one in _read_items(text, ("question", "questions"), known) if _is_question(one)]
        questions = questions or _questions_in(text, known)
        return QuestionsReply(questions=tuple(questions), raw=text) if questions else None
    if ask.reply is PathReply:
        most = ask.steps if isinstance(ask, PlanPath) else MAX_ITEMS
        steps = _read_items(text, ("step", "steps", "path", "plan"), known)[:most]
        return PathReply(steps=tuple(steps), raw=text) if steps else None
    if ask.reply in SHARED_REPLIES:
        return read_shared(ask.reply, text, tags=tuple(tags), known=known, cut=cut)
    return _read_fields(ask.reply, text, known)


def _read_prompt(text: str, cut: bool, known: set[str]) -> str | None:
    blocks = find_tagged(text, *PROMPT_TAGS)
    if blocks and cut and is_unclosed(text, *PROMPT_TAGS):
        blocks[-1] = whole_sentences(blocks[-1])
    for block in reversed(blocks):
        if is_instruction(found := clean_prompt(block)) and _flat(found) not in known and not _is_form_label(found):
            return found
    if blocks:
        return None
    said = texts_in(value_under(find_json(text), PROMPT_TAGS))
    for candidate in [*said, *reversed(find_fenced(text))]:
        if is_instruction(found := clean_prompt(candidate), loose=False) and _flat(found) not in known:
            return found
    found = clean_prompt(whole_sentences(text) if cut else text)
    return found if is_instruction(found, loose=False) and _flat(found) not in known else None


def _read_items(text: str, names: tuple[str, ...], known: set[str]) -> list[str]:
    """A block may hold one item or a list of them; the same item twice is one."""
    single, *several = names
    found: list[str] = []
    for block in find_tagged(text, single) or find_tagged(text, *several) or []:
        found += find_list_items(block) or [block]
    value = None if found else find_json(text)
    if value is not None:
        found = texts_in(value_under(value, names) or (value if isinstance(value, list) else None))
    return _clean_items(found or find_list_items(text), known)


def _clean_items(items: Iterable[str], known: set[str]) -> list[str]:
    kept: dict[str, str] = {}
    for item in items:
        plain = re.sub(r"</?\w{1,20}>", " ", item).strip().strip("*_`").strip()
        plain = " ".join(plain.split())[:MAX_ITEM_CHARACTERS]
        flat = _flat(plain)
        if len(flat.split()) >= 2 and flat not in known and not _is_form_label(plain) and not is_refusal(plain):
            kept.setdefault(flat, plain)
    return list(kept.values())[:MAX_ITEMS]


def _paragraphs(text: str, cut: bool, known: set[str]) -> list[str]:
    text = whole_sentences(text) if cut else text
    blocks = [
        block for block in re.split(r"\n{2,}", text) if len(block.split()) >= 5 and not block.rstrip().endswith(":")
    ]
    return _clean_items(blocks, known)


def _questions_in(text: str, known: set[str]) -> list[str]:
    plain = re.sub(r"<[^<>\n]{1,30}>", " ", text)
    sentences = re.findall(r"[^.!?\n][^.!?\n]*\?", plain)
    return _clean_items([re.sub(r"^\W*(?:\d+[.):]\s*)?", "", one) for one in sentences if len(one.split()) >= 4], known)


def _is_question(text: str) -> bool:
    """Whether it is a question of at least three words, not a row of question words."""
    return "?" in text and len(text.partition("?")[0].split()) >= 3


_VERDICT_WORDS = {"true": True, "false": False, "yes": True, "no": False, "accepted": True, "rejected": False}
_NEGATED = re.compile(r"\b(?:not|n't|neither|isn.t)\b[^.\n]{0,12}\b(?:true|false)\b", re.IGNORECASE)


def _read_judgement(text: str) -> JudgementReply | None:
    value = find_json(text)
    said = value_under(value, ("accepted", "verdict", "judgement", "judgment", "answer", "result"))
    block = find_tagged(text, "verdict", "judgement", "judgment", "accepted", "answer")
    marked = re.search(r"suggestions?\s*:\s*", text, re.IGNORECASE)
    advice = find_tagged(text, "suggestion") or texts_in(value_under(value, ("suggestion", "suggestions", "advice")))
    if not advice and marked:
        advice = [text[marked.end() :]]
    body = text[: marked.start()] if marked else re.sub(r"<suggestion>.*", "", text, flags=re.DOTALL | re.IGNORECASE)
    if isinstance(said, bool):
        accepted: bool | None = said
    elif isinstance(said, str):
        accepted = _read_verdict(said)
    else:
        verdicts = {_read_verdict(one) for one in block or [body]}
        accepted = verdicts.pop() if len(verdicts) == 1 else None
    if accepted is None:
        return None
    if not accepted and not advice and not block:
        advice = [re.sub(r"^\W*(?:false|no|rejected)\b\W*", "", body, flags=re.IGNORECASE)]
    suggestion = " ".join(advice[0].split()).strip("[]()<>\"' ") if advice and not accepted else ""
    return JudgementReply(accepted=accepted, suggestion=suggestion[:MAX_ITEM_CHARACTERS], raw=text)


def _read_verdict(text: str) -> bool | None:
    """The one verdict that is said. Where both stand, the first counts if its line holds no other; else none."""
    if _NEGATED.search(text):
        return None
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    for part, words in ((text, "true|false"), (lines[0], "true|false"), (lines[0], "yes|no|accepted|rejected")):
        found = {_VERDICT_WORDS[word.lower()] for word in re.findall(rf"\b({words})\b", part, re.IGNORECASE)}
        if len(found) == 1:
            return found.pop()
    return None


def _read_fields(reply: type[AgentReply], text: str, known: set[str]) -> AgentReply | None:
    """A reply of a plugin's own: by blocks named like its fields, of several the last, or by JSON. A sample repeated is
    no value."""
    value: dict[str, Any] = {}
    whole = find_json(text)
    for name in reply.model_fields:
        if name == "raw":
            continue
        if (block := find_tagged(text, name)) and text.count("<"):
            value[name] = ([one for one in block if _flat(one) not in known] or block)[-1]
        elif (said := value_under(whole, (name,))) is not None:
            value[name] = said
    value = {name: one for name, one in value.items() if not isinstance(one, str) or _flat(one) not in known}
    try:
        return reply.model_validate({**value, "raw": text})
    except ValidationError:
        return None


def _is_form_label(text: str) -> bool:
    """Whether a block was filled with its own description instead of an answer."""
    return (
        re.fullmatch(r"(?:the |your |my )?(?:whole |new |improved )*(?:prompt|instruction)s?(?: here)?", _flat(text))
        is not None
    )
