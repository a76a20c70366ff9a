"""What an author sees in a question: the cases it shows, the rules in it, and the form that the answer shall have."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..models import Messages
from .learner import fields_of, learn
from .rules import INPUT, STEP, StatedRule, read_form, read_rules

_CASE = re.compile(
    rf"({INPUT.pattern})"
    r"(?:\s|\"\"\"|</?\w+>|\*)*"
    r"(?:the )?(?:expected|right|wanted|correct|reference|output|answer|label)[\w ]*(?::|>|\bis:)\s*([^\n<]+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"""\n.*?\n"""', re.DOTALL)
_TAG = re.compile(r"<([a-z]+)>")
_COUNT = re.compile(r"\b(?:Write|Name|Find|Ask)\b[^.\n]{0,30}?\b(\d+|two|three)\b", re.IGNORECASE)
_NUMBERS = {"two": 2, "three": 3}
ANSWER_TAGS = frozenset(
    re.findall(
        r"\w+",
        """
        advice analysis answer branch bullet choice critique drop examination expert feedback input instruction keywords
        lesson metric number output part parts pattern phrase principle prompt question rating reason reasoning rule
        section segment step suggestion summary technique text turn verdict verdicts
        """,
    )
)
"""The blocks that questions ask for."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question as an author reads it.

    Attributes:
        text: All of it.
        tag: The block that the answer shall stand in; empty where it asks for bare text.
        count: How many of them it asks for.
        cases: The inputs it shows whose right answer it shows too.
        stated: The rules that stand in it.
        rules: The stated rules, mended by the cases.
        fields: The fields of the answer's form, as far as the question lets one know.
        steps: Whether the answer takes operations one after another.
    """

    text: str
    tag: str
    count: int
    cases: tuple[tuple[str, str], ...]
    stated: tuple[StatedRule, ...]
    rules: tuple[StatedRule, ...]
    fields: tuple[str, ...]
    steps: bool

    @property
    def news(self) -> list[StatedRule]:
        """The rules that the question did not state; all of them where it stated them all."""
        return [rule for rule in self.rules if rule not in self.stated] or list(self.rules)

    @property
    def options(self) -> list[str]:
        """The answers seen, where they are labels."""
        return [] if self.fields or self.steps else sorted({answer for _, answer in self.cases})


def read_question(messages: Messages, most: int | None = None) -> Question:
    """The question; of its cases only the first `most` are read, where that is a number."""
    text = messages[0]["content"]
    cases = tuple(dict.fromkeys((match[1].strip(), match[2].strip()) for match in _CASE.finditer(text)))[:most]
    stated = read_rules(text)
    rules = learn(cases, stated)
    # A request to answer once more names the form again and nothing else.
    tag = _wanted_tag(messages[-1]["content"]) or _wanted_tag(text)
    count = _COUNT.search(_QUOTED.sub("", text))
    number = count[1].lower() if count else "1"
    return Question(
        text=text,
        tag=tag,
        count=_NUMBERS.get(number) or int(number),
        cases=cases,
        stated=tuple(stated),
        rules=tuple(rules),
        fields=fields_of(cases) or read_form(text),
        steps=any(rule.field == STEP for rule in rules),
    )


def _wanted_tag(text: str) -> str:
    """The last block that the question names outside what it quotes."""
    tags = [tag for tag in _TAG.findall(_QUOTED.sub("", text)) if tag in ANSWER_TAGS]
    return tags[-1] if tags else ""
