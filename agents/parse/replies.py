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
from ...core.prompt import EXACT_KINDS, TextKind
from ...core.words import count_words
from ..asks.common import FindReasons, PlanPath
from ..asks.replies import JudgementReply, PathReply, PromptReply, QuestionsReply, ReasonsReply
from .blocks import (
    clean_output,
    find_json,
    find_list_items,
    find_tagged,
    texts_in,
    value_under,
    without_chat_tokens,
)
from .clean import clean_prompt, is_instruction, is_refusal, unwrap_marked, whole_sentences
from .exact_text import read_exact
from .marked import TEXT_FENCES, MarkedBlock, find_fences, find_marked
from .shared_replies import SHARED_REPLIES, normalize_words, read_shared

PROMPT_TAGS = ("prompt", "new_prompt", "improved_prompt", "instruction", "ins")
# Tags of the prompt that sections inside of a prompt have too.
_SECTION_TAGS = ("instruction", "ins")
# More is a model that does not stop.
MAX_ITEMS = 12
# Names of sections that a model writes about a prompt, beside the prompt.
_REMARK_TAGS = frozenset({"reason", "reasoning", "rationale", "explanation", "analysis", "changes", "notes", "summary"})
_SECTION = re.compile(r"\s*<([a-zA-Z][\w-]*)[^<>\n]{0,40}>.*?</\1>", re.DOTALL)


def parse_reply(
    ask: Ask[Any],
    text: str,
    *,
    cut: bool = False,
    partial: bool = False,
    samples: Iterable[str] = (),
    tags: Sequence[str] = (),
    kind: TextKind = "prose",
) -> AgentReply | None:
    """Read the reply to an ask.

    Inside of a marked block (a tag, JSON, a fence) nothing is removed; a text without marks loses remarks around it.

    Args:
        ask: The question; its class names the type of the reply.
        text: What the model wrote.
        cut: Whether the model ran out of tokens. What it had not ended is no reply.
        partial: Whether advice that was cut may end with its last whole sentence. A prompt never does.
        samples: Texts that the instruction gave as samples.
        tags: The blocks that the instruction wants.
        kind: What the text is that a prompt reply holds.
    """
    if ask.reply is PromptReply and kind != "prose":
        return _read_text_of_kind(text, (*tags, *PROMPT_TAGS), kind, cut=cut)
    text, sample_words = clean_output(text), {normalize_words(sample) for sample in samples}
    if not text:
        return None
    if ask.reply is PromptReply:
        prompt = _read_prompt(text, cut, sample_words)
        return PromptReply(prompt=prompt, raw=text) if prompt else None
    if ask.reply in SHARED_REPLIES:
        return read_shared(ask.reply, text, tags=tuple(tags), samples=sample_words, cut=cut, partial=partial)
    if ask.reply not in _OWN_READERS:
        return _read_fields(ask.reply, text, sample_words, cut)
    text = without_chat_tokens(text)
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
    limit = ask.steps if isinstance(ask, PlanPath) else MAX_ITEMS
    steps = _read_items(text, ("step", "steps", "path", "plan"), sample_words)[:limit]
    return PathReply(steps=tuple(steps), raw=text) if steps else None


_OWN_READERS = (JudgementReply, ReasonsReply, QuestionsReply, PathReply)


def _read_text_of_kind(text: str, tags: Sequence[str], kind: TextKind, *, cut: bool) -> PromptReply | None:
    """A file, a schema or notes. Of notes that nobody marked, everything is taken."""
    content = read_exact(text, tags, cut=cut)
    if content is None and kind not in EXACT_KINDS and not cut and not find_marked(text, *tags):
        content = clean_prompt(text)
    usable = content is not None and content.strip(". \n") and not is_refusal(content)
    return PromptReply(prompt=content, raw=text) if content is not None and usable else None


def _read_prompt(text: str, cut: bool, samples: set[str]) -> str | None:
    def usable(prompt: str, *, loose: bool = True) -> bool:
        named = is_instruction(prompt, loose=loose) and not _is_form_label(prompt)
        return named and normalize_words(prompt) not in samples

    for value in texts_in(value_under(find_json(text, whole=True), PROMPT_TAGS)):
        if usable(prompt := unwrap_marked(value)):
            return prompt
    if not cut and _is_sectioned(text):
        return text if usable(text) else None
    fences = find_fences(text)
    blocks = [
        block
        for block in find_marked(text, *PROMPT_TAGS)
        if not any(fence.closed and _is_content(block, fence) for fence in fences)
    ]
    if cut and blocks and not blocks[-1].closed:
        return None
    for block in reversed(blocks):
        if usable(prompt := unwrap_marked(block.text) if block.closed else clean_prompt(block.text)):
            return prompt
    if blocks:
        return None
    if not cut:
        for value in texts_in(value_under(find_json(text), PROMPT_TAGS)):
            if usable(prompt := unwrap_marked(value)):
                return prompt
    for fence in reversed(fences):
        marked = fence.name in TEXT_FENCES and (fence.closed or not cut)
        if marked and usable(prompt := unwrap_marked(fence.text), loose=fence.closed and not _is_json(fence.text)):
            return prompt
    prompt = clean_prompt(text)
    return prompt if not cut and usable(prompt, loose=False) else None


def _is_content(block: MarkedBlock, fence: MarkedBlock) -> bool:
    """Whether a tag in a fence belongs to the text in the fence: it is mentioned, not closed, or names a section."""
    inside = fence.start < block.start < fence.end
    alone = "".join(fence.text.casefold().split()) == "".join(
        f"<{block.name}>{block.text}</{block.name}>".casefold().split()
    )
    section = block.name in _SECTION_TAGS and not alone
    return inside and fence.name in TEXT_FENCES and (block.mentioned or not block.closed or section)


def _is_json(text: str) -> bool:
    return find_json(text, whole=True) is not None


def _is_sectioned(text: str) -> bool:
    """Whether the whole text is sections in tags, of which `instruction` is one: a prompt that nobody marked."""
    names: list[str] = []
    position = 0
    while (section := _SECTION.match(text, position)) is not None:
        names.append(section[1].casefold())
        position = section.end()
    others = set(names) - set(PROMPT_TAGS)
    return bool(others) and not text[position:].strip() and not others & _REMARK_TAGS and "instruction" in names


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
        plain = " ".join(plain.split())
        words = normalize_words(plain)
        if count_words(plain) >= 2 and words not in samples and not _is_form_label(plain) and not is_refusal(plain):
            unique.setdefault(words, plain)
    return list(unique.values())[:MAX_ITEMS]


def _paragraphs(text: str, cut: bool, samples: set[str]) -> list[str]:
    text = whole_sentences(text) if cut else text
    blocks = [
        block
        for block in re.split(r"\n{2,}", text)
        if count_words(block) >= 5 and not block.rstrip().endswith((":", "："))
    ]
    return _clean_items(blocks, samples)


# A shorter one in running text is an aside, such as `Why not?`.
_MIN_QUESTION_WORDS = 4


def _questions_in(text: str, samples: set[str]) -> list[str]:
    plain = re.sub(r"<[^<>\n]{1,30}>", " ", text)
    sentences = [
        sentence
        for sentence in re.findall(r"[^.!?。！？\n]+[?？]", plain)
        if count_words(sentence) >= _MIN_QUESTION_WORDS
    ]
    return _clean_items([re.sub(r"^\W*(?:\d+[.):]\s*)?", "", sentence) for sentence in sentences], samples)


def _is_question(text: str) -> bool:
    """Whether it is a question of at least three words, not a row of question words."""
    mark = re.search(r"[?？]", text)
    return mark is not None and count_words(text[: mark.start()]) >= 3


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
    return JudgementReply(accepted=accepted, suggestion=suggestion, raw=text)


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


def _read_fields(reply: type[AgentReply], text: str, samples: set[str], cut: bool) -> AgentReply | None:
    """A reply type of a plugin: by blocks named like its fields, of several the last, or by JSON.

    A repeated sample is no value.
    """
    values: dict[str, Any] = {}
    whole = find_json(text)
    for name in reply.model_fields:
        if name == "raw":
            continue
        if blocks := [block.text for block in find_marked(text, name) if block.closed or not cut]:
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
