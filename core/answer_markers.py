"""Where the final answer stands in an output: behind the reasoning, a marker such as `Answer:`, or in a box."""

from __future__ import annotations

import re
import unicodedata

_REASONING = re.compile(r"<(think(?:ing)?|reasoning|thought)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_OPEN_REASONING = re.compile(r"<(think(?:ing)?)>(.*)\Z", re.DOTALL | re.IGNORECASE)
# Some chat templates put the opening tag into the prompt, so that an output has the closing one alone.
_CLOSED_REASONING = re.compile(r"\A(.*?)</think(?:ing)?>", re.DOTALL | re.IGNORECASE)

# "Answer" in the languages that most benchmarks and users write in.
_ANSWER_WORDS = (
    r"answer|result|solution|verdict|conclusion|antwort|ergebnis|lösung|réponse|résultat|respuesta|resultado|solución|"
    r"resposta|risposta|risultato|antwoord|svar|vastaus|odpowiedź|odpověď|válasz|cevap|yanıt|răspuns|ответ|відповідь|"
    r"απάντηση|jawaban|trả lời|đáp án|उत्तर|الإجابة|الجواب|תשובה|คำตอบ"
)
_CJK_ANSWER_WORDS = r"答案|答え|正解|正确答案|回答|解答|結論|结论|정답|답"
_IS = r"(?:(?:is|are|was|ist|lautet|est|es|é|è)(?!\w)|:|=|→|->)"
_MARKER = re.compile(
    # One word may stand between: "la respuesta correcta es", "answer (in euros):".
    rf"####|(?<!\w)(?:{_ANSWER_WORDS})(?!\w)(?: \w{{3,12}}(?=\s))?(?:[*_\s]*\([^()\n]{{1,20}}\))?[*_\s]*"
    rf"{_IS}[*_\s]*[:=]?"
    rf"|(?:{_CJK_ANSWER_WORDS})[*_\s]*(?:[:=]|是|为|為|は|が|은|는)[*_\s]*[:=]?",
    re.IGNORECASE,
)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_TEX_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}")
_ANSWER_TAG = re.compile(r"<(answer|final_answer|final)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
# A line such as "Team: billing": a name of at most three words, then the answer.
_NAMED_LINE = re.compile(r"^[\s>#*_-]*(?:\w+[ _-]?){1,3}[*_\s]*:[*_\s]*(\S.*)$")
_CLAUSE_END = re.compile(r"\n|[.!?。！？](?=\s|$|[^\W\d])|;")


def split_reasoning(output: str) -> tuple[str, str]:
    """Split an output into its reasoning and what follows it.

    Reasoning that was begun and not ended takes the whole rest: what a model says while it thinks is no answer.

    Returns:
        The reasoning, empty if there is none, and the text without it.
    """
    reasoning = [match[2].strip() for match in _REASONING.finditer(output)]
    text = _REASONING.sub("", output)
    if (closed := _CLOSED_REASONING.match(text)) is not None:
        reasoning.append(closed[1].strip())
        text = text[closed.end() :]
    if (unclosed := _OPEN_REASONING.search(text)) is not None:
        reasoning.append(unclosed[2].strip())
        text = text[: unclosed.start()]
    return "\n\n".join(part for part in reasoning if part), text.strip()


def normalize_characters(text: str) -> str:
    """NFKC, with one minus sign and one apostrophe: full-width letters and digits read as plain ones."""
    return unicodedata.normalize("NFKC", text).replace("−", "-").replace("’", "'")


def boxed_answer(text: str) -> str | None:
    r"""The content of the last `\boxed{…}`, without TeX text commands."""
    boxes = _BOXED.findall(text)
    return _TEX_TEXT.sub(r"\1", str(boxes[-1])).strip() or None if boxes else None


def tagged_answer(text: str) -> str | None:
    """The content of the last `<answer>` block, or None."""
    blocks = _ANSWER_TAG.findall(text)
    return blocks[-1][1].strip() or None if blocks else None


def marked_answer(text: str) -> str | None:
    """The clause behind the last marker of an answer, or None if no marker has one."""
    for marker in reversed(list(_MARKER.finditer(text))):
        rest = text[marker.end() :].lstrip(" \t*_:\n")
        clause = rest[: end.start()] if (end := _CLAUSE_END.search(rest)) else rest
        if clause.strip():
            return clause.strip()
    return None


def named_last_line(text: str) -> str | None:
    """The text behind the colon of the last line, if the line has the form `Name: text`."""
    lines = [line for line in text.splitlines() if line.strip()]
    match = _NAMED_LINE.match(lines[-1]) if lines else None
    return match[1].strip() if match else None
