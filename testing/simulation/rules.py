"""Rules in plain words: how they are written in English and Chinese, read back out of any text, and applied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
STEP = "step"
"""The field of a rule that says which operation a word stands for."""

INPUT = re.compile(r"\b(?:Ticket|Request|Order|Chain) \d+: [^\n<]*")
"""An input of a simulated task, wherever it stands. It is one line and names its kind and number."""

# What any reader knows to be no subject of a message.
_FILLER = frozenset(
    re.findall(
        r"\w+",
        """
        a about after again all also an and any are as at be been but by can case chain come could day did do does for
        from get give go good had has have hello help here hi how i if in is it its just kind know last let like look
        many may me morning much my need new no not now of on once only or order our out over please request see should
        since so some soon start team thank thanks that the their them then there they this ticket time to today too two
        up us very want was we week were what when where which while who will with would write yesterday you your
        """,
    )
)
_QUOTES = str.maketrans({"“": '"', "”": '"', "「": '"', "」": '"', "`": None, "*": None})
_WORDS = r'((?:"[^"\n]{1,40}"(?:\s*(?:,|and|和|、)\s*)*)+)'
_ANSWERS = (
    re.compile(
        rf'\bif (?:the input|it)(?: also)? contains {_WORDS}\s*[,:]?\s*(?:then )?answer (?:with )?"([^"\n]{{1,40}})"',
        re.IGNORECASE,
    ),
    re.compile(rf'如果输入包含\s*{_WORDS}\s*[,:，：]?\s*回答\s*"([^"\n]{{1,40}})"'),
)
_FIELDS = (
    re.compile(
        rf'\bif (?:the input|it) contains {_WORDS}\s*[,:]?\s*(?:then )?set (\w+) to "([^"\n]{{1,40}})"', re.IGNORECASE
    ),
    re.compile(rf'如果输入包含\s*{_WORDS}\s*[,:，：]?\s*将\s*(\w+?)\s*设为\s*"([^"\n]{{1,40}})"'),
)
_STEPS = (
    re.compile(r'\bat "([a-z-]{1,40})",? (add|subtract|multiply by) (\d+)', re.IGNORECASE),
    re.compile(r'遇到\s*"([a-z-]{1,40})"\s*时[,，]?\s*(加|减|乘以)\s*(\d+)'),
)
_OPERATIONS = {"加": "add", "减": "subtract", "乘以": "multiply by"}
_CHINESE = {english: chinese for chinese, english in _OPERATIONS.items()}
_FORM = re.compile(r"(?:write the answer as|答案写成)\s*\"?((?:\w+=[{(<]*\w+[})>]*[; ]*)+)", re.IGNORECASE)
_STEPWISE = re.compile(r"step by step|one after another|逐步", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class StatedRule:
    """What to do with inputs that have certain words.

    Attributes:
        words: All of them have to be there.
        answer: What to answer, the value of a field, or an operation such as `add 3`.
        field: The field of the answer that it sets; `step` for an operation; empty for the whole answer.
    """

    words: frozenset[str]
    answer: str
    field: str = ""

    def fits(self, words: Iterable[str]) -> bool:
        return self.words <= set(words)

    def sentence(self, language: Language = "en") -> str:
        """The rule in one sentence, without the mark that ends it."""
        words = sorted(self.words)
        if self.field == STEP:
            operation, _, number = self.answer.rpartition(" ")
            chinese = f"遇到“{words[0]}”时，{_CHINESE[operation]}{number}"
            return chinese if language == "zh" else f'At "{words[0]}", {self.answer}'
        if language == "zh":
            condition = "如果输入包含" + "和".join(f"“{word}”" for word in words)
            return (
                f"{condition}，将{self.field}设为“{self.answer}”" if self.field else f"{condition}，回答“{self.answer}”"
            )
        condition = "If the input contains " + " and ".join(f'"{word}"' for word in words)
        return (
            f'{condition}, set {self.field} to "{self.answer}"'
            if self.field
            else f'{condition}, answer "{self.answer}"'
        )


def words_in(text: str) -> tuple[str, ...]:
    """The words that an input is about, in order, each once."""
    return tuple(dict.fromkeys(word for word in sequence_of(text) if word not in _FILLER))


def sequence_of(text: str) -> list[str]:
    """All words of an input, in order."""
    return re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())


def read_rules(text: str) -> list[StatedRule]:
    """The rules in a text, in its order; of those with one condition the first stays. Inputs in it are passed over."""
    plain = " ".join(INPUT.sub(" ", text).translate(_QUOTES).split())
    placed: list[tuple[int, StatedRule]] = []
    for pattern in _ANSWERS:
        placed += [(m.start(), StatedRule(words=_quoted(m[1]), answer=m[2])) for m in pattern.finditer(plain)]
    for pattern in _FIELDS:
        placed += [
            (m.start(), StatedRule(words=_quoted(m[1]), field=m[2], answer=m[3])) for m in pattern.finditer(plain)
        ]
    for pattern in _STEPS:
        for match in pattern.finditer(plain):
            operation = _OPERATIONS.get(match[2], match[2].lower())
            rule = StatedRule(words=frozenset({match[1].lower()}), field=STEP, answer=f"{operation} {match[3]}")
            placed.append((match.start(), rule))
    unique: dict[tuple[frozenset[str], str], StatedRule] = {}
    for _, rule in sorted(placed, key=lambda pair: pair[0]):
        unique.setdefault((rule.words, rule.field), rule)
    return list(unique.values())


def read_form(text: str) -> tuple[str, ...]:
    """The fields that the answer is made of, where a text says so."""
    forms = [tuple(re.findall(r"(\w+)=", match[1])) for match in _FORM.finditer(text.translate(_QUOTES))]
    return forms[0] if forms else ()


def asks_for_steps(text: str) -> bool:
    return _STEPWISE.search(text) is not None


def decide(rules: Sequence[StatedRule], words: Sequence[str], field: str = "") -> str | None:
    """The answer of the most specific rule that fits; of equally specific ones the first counts."""
    fitting = [rule for rule in rules if rule.field == field and rule.fits(words)]
    return max(fitting, key=lambda rule: len(rule.words)).answer if fitting else None


def apply(operation: str, number: int) -> int:
    name, _, amount = operation.rpartition(" ")
    if name == "multiply by":
        return number * int(amount)
    return number + int(amount) if name == "add" else number - int(amount)


def calculate(rules: Sequence[StatedRule], text: str) -> int | None:
    """The result of a chain of operations; None where a word is not known."""
    start = re.search(r"start at (-?\d+)", text)
    if start is None:
        return None
    number = int(start[1])
    for word in chain_of(text):
        operation = decide(rules, (word,), STEP)
        if operation is None:
            return None
        number = apply(operation, number)
    return number


def chain_of(text: str) -> list[str]:
    """The words of a chain, in order, each as often as it stands there."""
    return sequence_of(text.partition("then")[2])


def _quoted(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in re.findall(r'"([^"]+)"', text))
