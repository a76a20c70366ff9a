"""Cleans a prompt of the chatter around it, and tells whether a text can be a prompt at all."""

from __future__ import annotations

import re

from ...core.words import count_words, is_unspaced, word_units
from .blocks import without_chat_tokens
from .marked import TEXT_FENCES, find_fences, find_marked

_SUBJECT = r"(?:prompt|instruction|version|paraphrase|rewrite|rewording|wording)s?"
_NEW = r"(?:new|improved|revised|rewritten|reworded|updated|final|better|modified|paraphrased|whole|system)"
_SURE = re.compile(r"^(?:sure|certainly|of course|okay|absolutely)(?:\s+thing)?[!.,]\s*", re.IGNORECASE)
_LEAD = re.compile(
    rf"^\W{{0,3}}(?:(?:here(?:['’]s| is| are| you)|below is|this is)\b[^\n:]{{0,120}}\b{_SUBJECT}\b"
    rf"[^\n:]{{0,60}}:[*_\s]*"
    rf"|[^\n:]{{0,120}}\b{_NEW} (?:\w+ )?{_SUBJECT}\b[^\n:]{{0,60}}:[*_]*(?:[ \t]*\n|\s*(?=[\"“`]))\s*)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    rf"^[#*_>\s]*(?:reworded text|(?:(?:the|your)\s+)?(?:{_NEW}\s+)*{_SUBJECT}(?:\s+(?:is|was))?)[*_\s]*:[*_]*\s*",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\n\s*(?:your new prompt\s*:|reworded text\s*:|the instruction was\s*:|your answer\s*:"
    r"|[#*_\s]*(?:explanation|rationale|reasoning|changes|note|notes|why this works|key changes)\b[*_\s]*:"
    r"|(?:this|the) (?:new|improved|revised|rewritten|updated|modified|paraphrased)?\s*(?:prompt|instruction|version)\b"
    r"|i hope|let me know|feel free|please let me|if you (?:have|need|would)"
    r"|(?:in )?this (?:new |revised |improved )?(?:version|prompt)).*\Z",
    re.IGNORECASE | re.DOTALL,
)
_REFUSAL = re.compile(
    r"^\W*(?:i['’]?m (?:sorry|unable|afraid)|i (?:can(?:no|['’])t|am unable|am sorry|do not have|don['’]t have)"
    r"|sorry\b|as an ai\b|unfortunately,? i\b|n/?a\b\s*:?|error\b\s*:|none\W*$)",
    re.IGNORECASE,
)
_TALKS = re.compile(
    r"^\W*(?:could|can|would|do) you (?:please )?(?:provide|share|tell|give|clarify|want)\b"
    r"|\bi(?:['’]m| am|['’]d be| would be|['’]ll be| will be) (?:ready|happy|glad|here to|an? (?:ai|language)|sorry)\b"
    r"|\b(?:new|old|this|previous|original|existing|your|what) prompts?\b",
    re.IGNORECASE,
)
_ROW = re.compile(r"^\W*(?:1\W{1,3})?Input: .*\n\s*(?:Expected|Output|Got): ", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?\s*[a-zA-Z][\w-]{0,30}\s*>")
_QUOTES = {'"': '"', "“": "”", "'": "'", "`": "`", "«": "»", "‘": "’"}
# Models nest at most a few: a greeting, a label, a fence and quotes.
_MAX_LAYERS = 4
_SENTENCE_END = re.compile(r"[.!?:](?:[\"'”’)]*)(?=\s|$)|[。！？：…][”’」』）]*|\n")
_SENTENCE_BREAK = re.compile(r"[.!?。！？\n]+")
_LINES_OF_CASES = re.compile(r"^\W*(?:\d{1,3}\W{1,3})?(?:input|expected|output|got|feedback)\s*:", re.IGNORECASE)
# A refusal is a remark; a longer text that begins like one is a prompt.
_MAX_REFUSAL_CHARACTERS = 400


def clean_prompt(text: str) -> str:
    """Remove fences, labels, surrounding quotes and remarks from a prompt; empty if nothing is left."""
    text = without_chat_tokens(text)
    for _ in range(_MAX_LAYERS):
        before = text
        text = _LABEL.sub("", _LEAD.sub("", _SURE.sub("", text)))
        text = _strip_quotes(re.sub(r"\A```[\w-]*[ \t]*\n?|\n?```\Z", "", text.strip()).strip())
        if text == before:
            break
    return _AFTER.sub("", f"\n{text}").strip()


def unwrap_marked(text: str) -> str:
    """A marked text as it is, without a second mark around the whole of it: the same tag, a fence, or quotes."""
    text = text.strip()
    for _ in range(_MAX_LAYERS):
        inner = _inside_outer_mark(text)
        if inner is None:
            break
        text = inner.strip()
    return text


def whole_sentences(text: str) -> str:
    """Cut a truncated text after its last whole sentence or line; empty if it has none."""
    ends = [end.end() for end in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].strip() if ends else ""


def is_refusal(text: str) -> bool:
    """Whether a model says that it will not or cannot answer."""
    return len(text) <= _MAX_REFUSAL_CHARACTERS and _REFUSAL.match(text) is not None


def is_repetitive(text: str) -> bool:
    """Whether half of its sentences, of four or more, are repetitions, as small models tend to write.

    They also have to be half of its length: worked examples in a prompt repeat short lines.
    """
    sentences = [
        " ".join(part.casefold().split()) for part in _SENTENCE_BREAK.split(text) if re.search(r"\w", part) is not None
    ]
    distinct = set(sentences)
    return (
        len(sentences) >= 4
        and len(distinct) <= len(sentences) // 2
        and 2 * sum(map(len, distinct)) <= sum(map(len, sentences))
    )


def is_instruction(text: str, *, loose: bool = True) -> bool:
    """Whether a text can be a prompt: at least two words, no refusal, no list of examples, no repetition.

    If it was not marked as a prompt (not `loose`), it also has no tags and does not talk about the work.
    """
    if _distinct_words(text) < 2 or is_refusal(text) or is_repetitive(text) or _is_list_of_cases(text):
        return False
    return loose or (_distinct_words(text) >= 3 and _TALKS.search(text) is None and _ANY_TAG.search(text) is None)


def _distinct_words(text: str) -> int:
    """Distinct words of at least two characters; of scripts without spaces, runs of characters count by length."""
    units = {unit for unit in word_units(text) if is_unspaced(unit) or len(unit) > 1}
    unspaced = "".join(unit for unit in units if is_unspaced(unit))
    return sum(not is_unspaced(unit) for unit in units) + (count_words(unspaced) if unspaced else 0)


def _is_list_of_cases(text: str) -> bool:
    """Whether every line belongs to an example as agents see them; a prompt may hold some beside other lines."""
    return _ROW.match(text) is not None and all(
        _LINES_OF_CASES.match(line) for line in text.splitlines() if line.strip()
    )


def _inside_outer_mark(text: str) -> str | None:
    """What stands inside of the mark around the whole text; None if there is none."""
    if (tag := re.match(r"<([a-zA-Z_]+)>", text)) is not None and tag[1].casefold().endswith("prompt"):
        blocks = find_marked(text, tag[1])
        return blocks[0].text if len(blocks) == 1 and blocks[0].closed and blocks[0].end == len(text) else None
    if text.startswith(("```", "~~~")):
        fences = find_fences(text)
        alone = len(fences) == 1 and fences[0].closed and fences[0].name in TEXT_FENCES
        return fences[0].text if alone and fences[0].end == len(text) else None
    label = _LABEL.match(text)
    quoted = text[label.end() :].strip() if label else text
    if "\n" in quoted or (inner := _strip_quotes(quoted)) == quoted:
        return None
    return inner


def _strip_quotes(text: str) -> str:
    close = _QUOTES.get(text[:1], "")
    if len(text) > 2 and close and text.endswith(close):
        inner = text[1:-1]
        if text[0] not in inner and close not in inner:
            return inner.strip()
    for emphasis in ("**", "__"):
        if len(text) > 4 and text.startswith(emphasis) and text.endswith(emphasis) and emphasis not in text[2:-2]:
            return text[2:-2].strip()
    return text
