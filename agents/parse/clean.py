"""Cleans a prompt of the chatter around it, and tells whether a text can be a prompt at all."""

from __future__ import annotations

import re

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
_SENTENCE_END = re.compile(r"[.!?:](?:[\"'”’)]*)(?=\s|$)|\n")


def clean_prompt(text: str) -> str:
    """Remove fences, labels, surrounding quotes and remarks from a prompt; empty if nothing is left."""
    text = text.strip()
    for _ in range(_MAX_LAYERS):
        before = text
        text = _LABEL.sub("", _LEAD.sub("", _SURE.sub("", text)))
        text = _strip_quotes(re.sub(r"\A```[\w-]*[ \t]*\n?|\n?```\Z", "", text.strip()).strip())
        if text == before:
            break
    return _AFTER.sub("", f"\n{text}").strip()


def whole_sentences(text: str) -> str:
    """Cut a truncated text after its last whole sentence or line; empty if it has none."""
    ends = [end.end() for end in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].strip() if ends else ""


def is_refusal(text: str) -> bool:
    """Whether a model says that it will not or cannot answer."""
    return _REFUSAL.match(text) is not None


def is_repetitive(text: str) -> bool:
    """Whether half of its sentences, of four or more, are repetitions, as small models tend to write."""
    sentences = [" ".join(part.casefold().split()) for part in re.split(r"[.!?\n]+", text) if part.strip()]
    return len(sentences) >= 4 and len(set(sentences)) <= len(sentences) // 2


def is_instruction(text: str, *, loose: bool = True) -> bool:
    """Whether a text can be a prompt: at least two words, no refusal, no list of examples, no repetition.

    If it was not marked as a prompt (not `loose`), it also has no tags and does not talk about the work.
    """
    words = {word.casefold() for word in re.findall(r"\w{2,}", text)}
    if len(words) < 2 or is_refusal(text) or is_repetitive(text) or _ROW.match(text):
        return False
    return loose or (len(words) >= 3 and _TALKS.search(text) is None and _ANY_TAG.search(text) is None)


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
