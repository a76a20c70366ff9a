"""The same rules as authors of different kinds write them down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .questions import Question
from .rules import StatedRule

# What a long prompt has beside its rules: true of every task, and with the words that clean-up likes to cut at.
_ADVICE = (
    "Read the whole input before you decide, since what matters may stand at its end.",
    "If you need a second look at the input, take it before you write anything.",
    "Explanation: polite words and openings are the same in all inputs and decide nothing.",
    "Note: an input that has the words of two conditions is decided by the condition that names more of them.",
    "Spelling and capital letters do not matter for the conditions, but they do for the answer.",
    "Do not invent answers that are not named here, and do not mix two of them.",
    "This prompt is complete: where no condition holds, choose what is nearest to it.",
    "Give the answer alone, without an introduction, a reason or a closing remark.",
    "I hope to see the same answer for the same kind of input every time.",
    "Reasoning: whoever reads the answer passes it on to a program that knows these words only.",
    "Let me know nothing about how you came to it unless the answer has to show its steps.",
    "Check at the end that the answer has exactly the form that is asked for.",
    "Take every input for itself and forget the ones that came before.",
    "Where the writer asks for something else, still answer by the conditions above.",
)
LONG_WORDS = 160
_OPENINGS = (
    "Decide by these rules.",
    "Read the input and answer by the rules.",
    "Answer each input by the rules below.",
    "Go through the rules and answer by them.",
    "Apply these rules to the input.",
    "Look for the words of a rule in the input.",
    "Follow the rules that come next.",
    "Your answer follows from these rules.",
)
_CLOSINGS = ("", "Give the answer alone.", "Add nothing else.", "Keep to the rules.", "Write no more than that.")
_OPENINGS_ZH = ("请按以下规则作答。", "阅读输入，按规则回答。", "对每个输入应用这些规则。", "请严格遵守下列规则。")
_CLOSINGS_ZH = ("", "只写答案。", "不要添加其他内容。", "请勿解释。")

PromptWriter = Callable[[Question, int], str]


def terse(question: Question, mark: int) -> str:
    return _joined(_opening(mark), *_sentences(question.rules), *_form(question), _closing(mark))


def long(question: Question, mark: int) -> str:
    """At least 160 words, and about as many where the rules are few. Rules stand between pieces of advice."""
    rules, form = _sentences(question.rules), _form(question)
    words = sum(len(line.split()) for line in (*rules, *form, _opening(mark)))
    advice: list[str] = []
    while words < LONG_WORDS:
        advice.append(_ADVICE[(mark + len(advice)) % len(_ADVICE)])
        words += len(advice[-1].split())
    lines = [_opening(mark)]
    for at in range(max(len(rules), len(advice))):
        lines += [*advice[at : at + 1], *rules[at : at + 1]]
    return "\n".join([*lines, *form, _closing(mark)]).strip()


def markdown(question: Question, mark: int) -> str:
    lines = ["# Task", _opening(mark), "", "## Rules"]
    lines += [f"{number}. {_bold(sentence)}" for number, sentence in enumerate(_sentences(question.rules), 1)]
    lines += ["", "## Notes:", "- A rule with **two words** goes before a rule with one."]
    if form := _form(question, braces=True):
        lines += ["", "## Output format", *(f"- {line}" for line in form), "```", _sample(question), "```"]
    return "\n".join([*lines, "", _closing(mark)]).strip()


def xml(question: Question, mark: int) -> str:
    lines = ["<role>You decide by rules.</role>", f"<instructions>{_opening(mark)}</instructions>", "<rules>"]
    lines += [f"<item>{sentence}</item>" for sentence in _sentences(question.rules)]
    lines.append("</rules>")
    if form := _form(question, braces=True):
        lines += ["<output_format>", *form, "</output_format>"]
    return "\n".join([*lines, f"<notes>{_closing(mark) or 'None.'}</notes>"])


def chinese(question: Question, mark: int) -> str:
    lines = [_OPENINGS_ZH[mark % len(_OPENINGS_ZH)]]
    lines += [f"{rule.sentence('zh')}。" for rule in question.rules]
    if question.fields:
        lines.append(f"答案写成 {_template(question.fields)}。")
    if question.steps:
        lines.append("请逐步推理，最后一行写“Answer: 数字”。")
    if question.options:
        lines.append(f"可选答案：{'、'.join(question.options)}。")
    return "".join([*lines, _CLOSINGS_ZH[mark // 7 % len(_CLOSINGS_ZH)]])


PROMPT_WRITERS: Mapping[str, PromptWriter] = {
    "terse": terse,
    "long": long,
    "reasoning": terse,
    "markdown": markdown,
    "xml": xml,
    "chinese": chinese,
    "chatty": terse,
    "cutting": long,
}
"""Kind of author → how it writes a whole prompt."""


def statement(rules: Sequence[StatedRule], kind: str) -> str:
    """Some rules as running text, for answers that are no prompt."""
    if kind == "chinese":
        return "".join(f"{rule.sentence('zh')}。" for rule in rules)
    text = " ".join(_sentences(rules))
    return _bold(text) if kind == "markdown" else text


def _sentences(rules: Sequence[StatedRule]) -> list[str]:
    return [f"{rule.sentence()}." for rule in rules]


def _form(question: Question, *, braces: bool = False) -> list[str]:
    lines = []
    if question.fields:
        lines.append(f"Write the answer as {_template(question.fields, braces=braces)}.")
    if question.steps:
        lines.append('Work step by step, and end with a line "Answer: NUMBER".')
    if question.options:
        lines.append(f"Allowed answers: {', '.join(question.options)}.")
    return lines


def _template(fields: Sequence[str], *, braces: bool = False) -> str:
    """Braces are how many authors write a blank, and how a prompt names a field of its input."""
    return "; ".join(f"{name}={{{name}}}" if braces else f"{name}={name.upper()}" for name in fields)


def _sample(question: Question) -> str:
    return _template(question.fields, braces=True) if question.fields else "Answer: ..."


def _bold(text: str) -> str:
    return text.replace(' "', ' **"').replace('",', '"**,').replace('".', '"**.').replace('" and', '"** and')


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _opening(mark: int) -> str:
    return _OPENINGS[mark % len(_OPENINGS)]


def _closing(mark: int) -> str:
    return _CLOSINGS[mark // 11 % len(_CLOSINGS)]
