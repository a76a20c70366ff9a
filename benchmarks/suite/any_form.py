"""Simulated models that answer in whatever form a package asks for, so that no package loses by its format.

The author finds the same rules in the same evidence as the one of `maieutic.testing.simulation`, and the target follows
the same rules; what differs is how a question shows its cases and how it wants the answer: in fences, in tags, in field
markers, in JSON.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from maieutic.core.identity import digest
from maieutic.testing.models import Answer, Messages
from maieutic.testing.simulation import RuleFollowingTarget, RuleWritingAuthor
from maieutic.testing.simulation.learner import fields_of, learn
from maieutic.testing.simulation.questions import Question, read_question
from maieutic.testing.simulation.rules import INPUT, STEP, read_form, read_rules
from maieutic.testing.simulation.styles import PROMPT_WRITERS, statement

_FIELD = re.compile(r"\[\[ ## (\w+) ## \]\]")
# The end of a text value, where cases stand in a JSON list.
_JSON_END = re.compile(r'"\s*[,}\]]')
# How packages write the right answer near an input, the surest first.
_RIGHT = (
    re.compile(
        r"(?:right|correct|expected|reference|gold|true)[ _]?(?:answer|output|label)?\W{0,4}(?:is)?\W{0,3}[:=]?\W{0,3}"
        r"([A-Za-z0-9][^\n<\"'`]*)",
        re.IGNORECASE,
    ),
    re.compile(r"\[\[ ## (?:answer|output|label) ## \]\]\s*\n\s*([^\n<]+)"),
    re.compile(r"^\W*(?:answer|output|label)\W{0,3}:\s*([^\n<]+)", re.IGNORECASE | re.MULTILINE),
)
# A package that asks for a prompt in a tag of its own names it here and nothing else.
_TAGS = ("IMPROVED_VARIABLE", "prompt", "new_prompt", "final_prompt", "instruction", "INS")
_TAG = re.compile(rf"<({'|'.join(_TAGS)})>")


@dataclass(frozen=True)
class AnyFormAuthor:
    """Writes a prompt with the rules that the question's cases bear out, in the form that the question asks for.

    kind: of `RuleWritingAuthor`, which answers the questions of our own agents.
    """

    kind: str = "terse"

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        text = "\n\n".join(str(message["content"]) for message in messages)
        if not _is_foreign(messages, text):
            return RuleWritingAuthor(self.kind).answer(messages, draw)
        question = _question(text)
        mark = int(digest([text, draw])[:12], 16)
        return Answer(
            text=_in_form(text, PROMPT_WRITERS[self.kind](question, mark), statement(question.rules, self.kind))
        )


@dataclass(frozen=True)
class AnyFormTarget:
    """The rule-following target; where a package wants its answer in a field, it stands in the field."""

    target: RuleFollowingTarget

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        text = "\n".join(str(message["content"]) for message in messages)
        fields = [name for name in dict.fromkeys(_FIELD.findall(text)) if name != "completed"]
        if not fields:
            return self.target.answer(messages, draw)
        plain = [{**message, "content": _without_fields(str(message["content"]))} for message in messages]
        reply = self.target.answer(plain, draw)
        return Answer(text=f"[[ ## {fields[-1]} ## ]]\n{reply.text}\n\n[[ ## completed ## ]]")


def _without_fields(text: str) -> str:
    """What a message says behind its field markers: the objective, an input, or a worked example's answer."""
    if "your objective is:" in text:
        return text.partition("your objective is:")[2].strip()
    parts = _FIELD.split(text.partition("\n\nRespond with the corresponding output fields")[0])
    return next((value.strip() for name, value in zip(parts[1::2], parts[2::2], strict=True) if value.strip()), text)


def _is_foreign(messages: Messages, text: str) -> bool:
    """Whether a question wants a form that our own agents do not ask for, or shows its cases in another one."""
    if _FIELD.search(text) or "``` blocks" in text or "<IMPROVED_VARIABLE>" in text:
        return True
    question = read_question(messages)
    return not question.tag or (not question.cases and bool(_cases(text)))


def _question(text: str) -> Question:
    cases = tuple(dict.fromkeys(_cases(text)))
    stated = read_rules(text)
    rules = learn(cases, stated)
    return Question(
        text=text,
        tag="prompt",
        count=1,
        cases=cases,
        stated=tuple(stated),
        rules=tuple(rules),
        fields=fields_of(cases) or read_form(text),
        steps=any(rule.field == STEP for rule in rules),
    )


def _cases(text: str) -> list[tuple[str, str]]:
    """Every input with the right answer that stands between it and the next input."""
    text = _JSON_END.sub("\n", text)
    matches = list(INPUT.finditer(text))
    cases = []
    for at, match in enumerate(matches):
        end = matches[at + 1].start() if at + 1 < len(matches) else len(text)
        between = text[match.end() : end]
        found = next((right for pattern in _RIGHT if (right := pattern.search(between))), None)
        if found:
            cases.append((match[0].strip(), found[1].strip().rstrip(".'\"`")))
    return cases


def _in_form(text: str, prompt: str, rules: str) -> str:
    if "``` blocks" in text:
        return f"```\n{prompt}\n```"
    if asked := re.search(r"JSON object in the following order of fields: (.+)", text):
        names = re.findall(r"`(\w+)`", asked[1])
        return json.dumps({name: prompt if "instruction" in name else rules or prompt for name in names})
    fields = [name for name in dict.fromkeys(_FIELD.findall(text)) if name != "completed"]
    if wanted := _wanted_fields(text, fields):
        parts = [f"[[ ## {name} ## ]]\n{prompt if 'instruction' in name else rules or prompt}" for name in wanted]
        return "\n\n".join([*parts, "[[ ## completed ## ]]"])
    if re.search(r"json", text.rpartition("\n\n")[2], re.IGNORECASE):
        return json.dumps({"prompt": prompt}, ensure_ascii=False)
    if tags := _TAG.findall(text):
        return f"<{tags[-1]}>{prompt}</{tags[-1]}>"
    return f"```\n{prompt}\n```"


def _wanted_fields(text: str, fields: list[str]) -> list[str]:
    """The output fields of a DSPy signature: those that its last sentence asks to begin with and to go on with."""
    asked = re.findall(r"`\[\[ ## (\w+) ## \]\]`", text)
    return [name for name in dict.fromkeys(asked) if name != "completed"] or fields[-1:]
