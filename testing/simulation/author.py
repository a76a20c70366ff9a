"""Authors that answer every question of the agents in the form that it asks for and in the style of their kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...core.identity import digest
from ..models import Answer, Messages
from .questions import Question, read_question
from .rules import INPUT, STEP, calculate, decide, read_rules, words_in
from .styles import PROMPT_WRITERS, statement
from .target import cut

AUTHORS = tuple(PROMPT_WRITERS)
"""The kinds of authors."""
# A sentence or two, as most questions want a reason, a step or a piece of advice.
_RULES_PER_ITEM = 4


@dataclass(frozen=True)
class RuleWritingAuthor:
    """Writes the rules that the cases of a question bear out, and nothing that does not follow from the question.

    Kinds: `terse`; `long`, 160 to 190 words for the same rules; `reasoning`, which thinks in `<think>` first, with a
    draft in it; `markdown`; `xml`, in sections; `chinese`; `chatty`, with polite words around the answer; `cutting`,
    which writes as the long one does and stops at the token limit that it was given.
    Another draw gives another wording of the same rules.

    cases: how many cases of a question it takes note of; None for all.
    """

    kind: str = "terse"
    cases: int | None = None

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        return self.answer_within(messages, draw, None)

    def answer_within(self, messages: Messages, draw: int, max_tokens: int | None) -> Answer:
        """The answer; that of the cutting author has at most so many words."""
        question = read_question(messages, self.cases)
        mark = int(digest([question.text, len(messages), draw])[:12], 16)
        text = _WRITERS[question.tag](question, self.kind, mark) if question.tag else self._prompt(question, mark)
        if self.kind == "reasoning":
            text = (
                "<think>\nWhat do the cases have in common? A first draft would be\n"
                f"<prompt>Answer as well as you can.</prompt>\nbut that says nothing of the {len(question.rules)} "
                f"rules that the cases bear out.\n</think>\n\n{text}"
            )
        if self.kind == "chatty" and question.tag:
            text = (
                f"Sure! Here is what I came up with:\n\n{text}\n\n"
                "Let me know if you would like me to change anything. I hope this helps!"
            )
        return cut(text, max_tokens if self.kind == "cutting" else None)

    def _prompt(self, question: Question, mark: int) -> str:
        return PROMPT_WRITERS[self.kind](question, mark)


Writer = Callable[[Question, str, int], str]


def _prompts(question: Question, kind: str, mark: int) -> str:
    count = question.count if re.search(r"Write \d+ instructions", question.text) else 1
    return "\n".join(f"<prompt>{PROMPT_WRITERS[kind](question, mark + at)}</prompt>" for at in range(count))


def _piece(tag: str) -> Writer:
    """One block with the rules, as one part among others of a prompt."""

    def write(question: Question, kind: str, mark: int) -> str:
        rules = statement(question.rules, kind) or _no_rules(kind, mark)
        return f"<{tag}>{rules}</{tag}>"

    return write


def _reworded(question: Question, kind: str, mark: int) -> str:
    """The quoted text behind other first words: all that decides is still in it."""
    quoted = re.search(r'"""\n(.*?)\n"""', question.text, re.DOTALL)
    opening = ("Put differently:", "In other words:", "That is to say:")[mark % 3]
    return f"<text>{opening} {quoted[1].strip() if quoted else question.text.strip()}</text>"


def _instruction(question: Question, kind: str, mark: int) -> str:
    """One sentence that goes on from the words that the question begins it with."""
    opening = re.search(r"begins with these words: ([^\n]+)", question.text)
    rules = statement(question.rules, kind) or _no_rules(kind, mark)
    return f"<instruction>{f'{opening[1].strip()} ' if opening else ''}{rules}</instruction>"


def _remarks(tag: str, begin: str, begin_zh: str) -> Writer:
    """As many blocks as are asked for, with the rules that are new dealt out among them."""

    def write(question: Question, kind: str, mark: int) -> str:
        count = max(1, min(question.count, len(question.news)))
        blocks = []
        for at in range(count):
            rules = question.news[at::count][:_RULES_PER_ITEM]
            text = statement(rules, kind) or _no_rules(kind, mark)
            blocks.append(f"<{tag}>{begin_zh if kind == 'chinese' else begin}{text}</{tag}>")
        return "\n".join(blocks)

    return write


def _single(tag: str, begin: str = "") -> Writer:
    """One block with one rule: the first new one, or by the draw another of them."""

    def write(question: Question, kind: str, mark: int) -> str:
        news = question.news
        text = statement([news[mark % len(news)]], kind) if news else _no_rules(kind, mark)
        return f"<{tag}>{begin}{text}</{tag}>"

    return write


def _no_rules(kind: str, mark: int) -> str:
    """What can be said where a question shows no case: nothing about the rules."""
    if kind == "chinese":
        return ("请先通读输入，再作答。", "请只写答案本身。", "请使用任务给出的答案。")[mark % 3]
    sentences = (
        "Read the whole input before you answer it.",
        "Write the answer alone, and nothing before it.",
        "Keep to the answers that the task names.",
    )
    return sentences[mark % len(sentences)]


def _revision(question: Question, kind: str, mark: int) -> str:
    """A branch; where the question offers it, each new rule is a branch, and what is no condition goes to the trunk."""
    if "<trunk>" not in question.text:
        return _single("branch", "NEW: ")(question, kind, mark)
    conditions = [rule for rule in question.news if rule.field != STEP]
    blocks = [f"<branch>NEW: {statement([rule], kind)}</branch>" for rule in conditions[:_RULES_PER_ITEM]]
    if question.steps or question.fields:
        blocks.insert(0, f"<trunk>{PROMPT_WRITERS[kind](question, mark)}</trunk>")
    return "\n".join(blocks) or f"<branch>NEW: {_no_rules(kind, mark)}</branch>"


def _judgement(question: Question, kind: str, mark: int) -> str:
    return "<verdict>True</verdict>"


def _questions(question: Question, kind: str, mark: int) -> str:
    if kind == "chinese":
        return "<question>输入中的哪些词语决定答案？</question>\n<question>答案应该以怎样的形式写出？</question>"
    return (
        f"<question>Which words of the input decide between the answers, and how, in case {mark % 97}?</question>\n"
        "<question>How should the answer be written, and what should be left out of it?</question>"
    )


def _patterns(question: Question, kind: str, mark: int) -> str:
    news = question.news[: max(1, question.count)]
    lines = [f"<pattern>{9 - at} | {statement([rule], kind)}</pattern>" for at, rule in enumerate(news)]
    return "\n".join(lines) or f"<pattern>5 | {_no_rules(kind, mark)}</pattern>"


def _answer(question: Question, kind: str, mark: int) -> str:
    """The answer to the last input of the question, by the rules that stand in it."""
    inputs = INPUT.findall(question.text)
    if not inputs:
        return "<answer>none</answer>"
    words = words_in(inputs[-1])
    if any(rule.field == STEP for rule in question.rules):
        return f"<answer>{calculate(question.rules, inputs[-1]) or 'none'}</answer>"
    if question.fields:
        parts = [f"{name}={decide(question.rules, words, name) or 'none'}" for name in question.fields]
        return f"<answer>{'; '.join(parts)}</answer>"
    return f"<answer>{decide(question.rules, words) or 'none'}</answer>"


def _examples(question: Question, kind: str, mark: int) -> str:
    """New inputs like those shown, with the answers that these have."""
    cases = question.cases or (("Ticket 1: hello", "none"),)
    blocks = []
    for at in range(max(1, min(question.count, 8))):
        text, answer = cases[(mark + at) % len(cases)]
        text = re.sub(r" \d+:", f" {9000 + (mark + at) % 999}:", text, count=1)
        blocks.append(f"<input>{text}</input>\n<output>{answer}</output>")
    return "\n".join(blocks)


def _verdicts(question: Question, kind: str, mark: int) -> str:
    return "<verdicts>\n" + "\n".join(f"{number}. yes" for number in range(1, 11)) + "\n</verdicts>"


def _listed(tag: str, most: int) -> Writer:
    """Names out of a list in the question."""

    def write(question: Question, kind: str, mark: int) -> str:
        names = re.findall(r"^\s*(?:\d+\.|-)\s*([\w-]+)", question.text, re.MULTILINE) or ["rules"]
        chosen = [names[(mark + at) % len(names)] for at in range(min(most, len(names)))]
        return f"<{tag}>{', '.join(dict.fromkeys(chosen))}</{tag}>"

    return write


def _vote(question: Question, kind: str, mark: int) -> str:
    """The number of the listed instruction that states most rules; of equals the last, which is the newest."""
    listed = re.split(r"^\s*\d+\. ", question.text.partition("Instructions:")[2], flags=re.MULTILINE)[1:] or [""]
    best = max(range(len(listed)), key=lambda at: (len(read_rules(listed[at])), at))
    return f"<number>{best + 1}</number>"


def _constant(text: str, text_zh: str = "") -> Writer:
    return lambda question, kind, mark: text_zh if text_zh and kind == "chinese" else text


def _advice(question: Question, kind: str, mark: int) -> str:
    return f"{_listed('part', 1)(question, kind, mark)}\n{_remarks('advice', '', '')(question, kind, mark)}"


def _bullets(question: Question, kind: str, mark: int) -> str:
    """A note for each rule."""
    notes = [f"<bullet>rules | {statement([rule], kind)}</bullet>" for rule in question.news]
    return "\n".join(notes) or f"<bullet>rules | {_no_rules(kind, mark)}</bullet>"


_ORDER, _ORDER_ZH = "The prompt does not say this: ", "提示没有说明："
_WRITERS: Mapping[str, Writer] = {
    "advice": _advice,
    "analysis": _piece("analysis"),
    "answer": _answer,
    "branch": _revision,
    "bullet": _bullets,
    "choice": lambda question, kind, mark: f"<choice>{'AB'[mark % 2]}</choice>",
    "critique": _piece("critique"),
    "drop": _constant("<drop>none</drop>"),
    "examination": _piece("examination"),
    "expert": _constant(
        "<expert>You are a clerk who has sorted such messages by fixed rules for years. You look for the words that "
        "decide and pass over the rest.</expert>",
        "<expert>你是一名多年按照固定规则处理此类信息的职员。你只看决定答案的词语。</expert>",
    ),
    "feedback": _remarks("feedback", "The prompt should say: ", "提示应当说明："),
    "input": _examples,
    "instruction": _instruction,
    "keywords": _constant(
        "<keywords>rules, conditions, exact answer</keywords>", "<keywords>规则、条件、答案</keywords>"
    ),
    "lesson": _remarks("lesson", "The playbook should say: ", "笔记应当说明："),
    "metric": _constant("<metric>accuracy</metric>\n<metric>format</metric>"),
    "number": _vote,
    "output": _examples,
    "part": _piece("part"),
    "parts": _listed("parts", 4),
    "pattern": _patterns,
    "phrase": lambda question, kind, mark: f"<phrase>{_no_rules(kind, mark).rstrip('.。')}</phrase>",
    "principle": _single("principle", "NEW: "),
    "prompt": _prompts,
    "question": _questions,
    "rating": lambda question, kind, mark: f"<rating>{5 + mark % 4}/10</rating>",
    "reason": _remarks("reason", _ORDER, _ORDER_ZH),
    "reasoning": _constant("<reasoning>The words of the input decide, by the rules.</reasoning>"),
    "rule": _single("rule"),
    "section": _piece("section"),
    "segment": _piece("segment"),
    "step": _remarks("step", "Tell the model: ", "告诉模型："),
    "suggestion": _judgement,
    "summary": _piece("summary"),
    "technique": _listed("technique", 1),
    "text": _reworded,
    "turn": _remarks("turn", "In turn 1 the model did not know this: ", "第1轮中模型不知道："),
    "verdict": _judgement,
    "verdicts": _verdicts,
}
