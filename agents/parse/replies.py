"""Reads a typed reply from a model's text, or None if its meaning is unclear. Never raises.

Tried in turn: tagged blocks, JSON, lists or fences, and for some replies the bare text. An answer that only repeats a
sample of the instruction, or the description of its own form, is no answer.
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
from .shared_replies import SHARED_REPLIES, normalize_words, read_shared

PROMPT_TAGS = ("prompt", "new_prompt", "improved_prompt", "instruction", "ins")
# More, or longer, is a model that does not stop.
MAX_ITEMS = 12
MAX_ITEM_CHARACTERS = 800
MAX_CHARACTERS = 20_000


def parse_reply(
    ask: Ask[Any], text: str, *, cut: bool = False, samples: Iterable[str] = (), tags: Sequence[str] = ()
) -> AgentReply | None:
    """Read the reply to an ask.

    Args:
        ask: The question; its class names the type of the reply.
        text: What the model wrote.
        cut: Whether the model ran out of tokens, so that an open block ends with its last whole sentence.
        samples: Texts that the instruction gave as samples.
        tags: The blocks that the instruction wants.
    """
    text, sample_words = clean_output(text)[:MAX_CHARACTERS], {normalize_words(sample) for sample in samples}
    if not text:
        return None
    if ask.reply is PromptReply:
        prompt = _read_prompt(text, cut, sample_words)
        return PromptReply(prompt=prompt, raw=text) if prompt else None
    if ask.reply is JudgementReply:
        return _read_judgement(text)
    if ask.reply is ReasonsReply:
        limit = ask.count if isinstance(ask, FindReasons) else MAX_ITEMS
        reasons = _read_items(text, ("reason", "reasons"), sample_words)
        if not reasons and not find_tagged(text, "reason"):
            reasons = _paragraphs(text, cut, sample_words)
        return ReasonsReply(reasons=tuple(reasons[:limit]), raw=text) if reasons else None
    if ask.reply is QuestionsReply:
        questions = [item for item in _read_items(text, ("question", "questions"), sample_words) if _is_question(item)]
        questions = questions or _questions_in(text, sample_words)
        return QuestionsReply(questions=tuple(questions), raw=text) if questions else None
    if ask.reply is PathReply:
        limit = ask.steps if isinstance(ask, PlanPath) else MAX_ITEMS
        steps = _read_items(text, ("step", "steps", "path", "plan"), sample_words)[:limit]
        return PathReply(steps=tuple(steps), raw=text) if steps else None
    if ask.reply in SHARED_REPLIES:
        return read_shared(ask.reply, text, tags=tuple(tags), samples=sample_words, cut=cut)
    return _read_fields(ask.reply, text, sample_words)


def _read_prompt(text: str, cut: bool, samples: set[str]) -> str | None:
    blocks = find_tagged(text, *PROMPT_TAGS)
    if blocks and cut and is_unclosed(text, *PROMPT_TAGS):
        blocks[-1] = whole_sentences(blocks[-1])
    for block in reversed(blocks):
        prompt = clean_prompt(block)
        if is_instruction(prompt) and normalize_words(prompt) not in samples and not _is_form_label(prompt):
            return prompt
    if blocks:
        return None
    for text_part in [*texts_in(value_under(find_json(text), PROMPT_TAGS)), *reversed(find_fenced(text))]:
        prompt = clean_prompt(text_part)
        if is_instruction(prompt, loose=False) and normalize_words(prompt) not in samples:
            return prompt
    prompt = clean_prompt(whole_sentences(text) if cut else text)
    return prompt if is_instruction(prompt, loose=False) and normalize_words(prompt) not in samples else None


def _read_items(text: str, names: tuple[str, ...], samples: set[str]) -> list[str]:
    """A block may hold one item or a list of them. The same item twice is one."""
    single, *several = names
    items: list[str] = []
    for block in find_tagged(text, single) or find_tagged(text, *several) or []:
        items += find_list_items(block) or [block]
    value = None if items else find_json(text)
    if value is not None:
        items = texts_in(value_under(value, names) or (value if isinstance(value, list) else None))
    return _clean_items(items or find_list_items(text), samples)


def _clean_items(items: Iterable[str], samples: set[str]) -> list[str]:
    unique: dict[str, str] = {}
    for item in items:
        plain = re.sub(r"</?\w{1,20}>", " ", item).strip().strip("*_`").strip()
        plain = " ".join(plain.split())[:MAX_ITEM_CHARACTERS]
        words = normalize_words(plain)
        if len(words.split()) >= 2 and words not in samples and not _is_form_label(plain) and not is_refusal(plain):
            unique.setdefault(words, plain)
    return list(unique.values())[:MAX_ITEMS]


def _paragraphs(text: str, cut: bool, samples: set[str]) -> list[str]:
    text = whole_sentences(text) if cut else text
    blocks = [
        block for block in re.split(r"\n{2,}", text) if len(block.split()) >= 5 and not block.rstrip().endswith(":")
    ]
    return _clean_items(blocks, samples)


def _questions_in(text: str, samples: set[str]) -> list[str]:
    plain = re.sub(r"<[^<>\n]{1,30}>", " ", text)
    sentences = [sentence for sentence in re.findall(r"[^.!?\n][^.!?\n]*\?", plain) if len(sentence.split()) >= 4]
    return _clean_items([re.sub(r"^\W*(?:\d+[.):]\s*)?", "", sentence) for sentence in sentences], samples)


def _is_question(text: str) -> bool:
    """Whether it is a question of at least three words, not a row of question words."""
    return "?" in text and len(text.partition("?")[0].split()) >= 3


_VERDICT_WORDS = {"true": True, "false": False, "yes": True, "no": False, "accepted": True, "rejected": False}
_NEGATED = re.compile(r"\b(?:not|n't|neither|isn.t)\b[^.\n]{0,12}\b(?:true|false)\b", re.IGNORECASE)


def _read_judgement(text: str) -> JudgementReply | None:
    value = find_json(text)
    stated = value_under(value, ("accepted", "verdict", "judgement", "judgment", "answer", "result"))
    block = find_tagged(text, "verdict", "judgement", "judgment", "accepted", "answer")
    mark = re.search(r"suggestions?\s*:\s*", text, re.IGNORECASE)
    advice = find_tagged(text, "suggestion") or texts_in(value_under(value, ("suggestion", "suggestions", "advice")))
    if not advice and mark:
        advice = [text[mark.end() :]]
    body = text[: mark.start()] if mark else re.sub(r"<suggestion>.*", "", text, flags=re.DOTALL | re.IGNORECASE)
    if isinstance(stated, bool):
        accepted: bool | None = stated
    elif isinstance(stated, str):
        accepted = _read_verdict(stated)
    else:
        verdicts = {_read_verdict(part) for part in block or [body]}
        accepted = verdicts.pop() if len(verdicts) == 1 else None
    if accepted is None:
        return None
    if not accepted and not advice and not block:
        advice = [re.sub(r"^\W*(?:false|no|rejected)\b\W*", "", body, flags=re.IGNORECASE)]
    suggestion = " ".join(advice[0].split()).strip("[]()<>\"' ") if advice and not accepted else ""
    return JudgementReply(accepted=accepted, suggestion=suggestion[:MAX_ITEM_CHARACTERS], raw=text)


def _read_verdict(text: str) -> bool | None:
    """The only verdict in a text. If both occur, the first counts, provided that its line holds no other; else None."""
    if _NEGATED.search(text):
        return None
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    for part, words in ((text, "true|false"), (lines[0], "true|false"), (lines[0], "yes|no|accepted|rejected")):
        verdicts = {_VERDICT_WORDS[word.lower()] for word in re.findall(rf"\b({words})\b", part, re.IGNORECASE)}
        if len(verdicts) == 1:
            return verdicts.pop()
    return None


def _read_fields(reply: type[AgentReply], text: str, samples: set[str]) -> AgentReply | None:
    """A reply type of a plugin: by blocks named like its fields, of several the last, or by JSON.

    A repeated sample is no value.
    """
    values: dict[str, Any] = {}
    whole = find_json(text)
    for name in reply.model_fields:
        if name == "raw":
            continue
        if (blocks := find_tagged(text, name)) and text.count("<"):
            values[name] = ([block for block in blocks if normalize_words(block) not in samples] or blocks)[-1]
        elif (value := value_under(whole, (name,))) is not None:
            values[name] = value
    values = {
        name: value
        for name, value in values.items()
        if not isinstance(value, str) or normalize_words(value) not in samples
    }
    try:
        return reply.model_validate({**values, "raw": text})
    except ValidationError:
        return None


def _is_form_label(text: str) -> bool:
    """Whether a block was filled with its own description instead of an answer."""
    label = r"(?:the |your |my )?(?:whole |new |improved )*(?:prompt|instruction)s?(?: here)?"
    return re.fullmatch(label, normalize_words(text)) is not None
