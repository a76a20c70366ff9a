"""How an author finds rules in the cases that a question shows."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from .rules import STEP, StatedRule, calculate, chain_of, decide, words_in

# Operations that an author thinks of, the simplest first.
_OPERATIONS = (
    *(f"{name} {number}" for number in range(1, 10) for name in ("add", "subtract")),
    "multiply by 2",
    "multiply by 3",
)
# A word whose operation is open has one of twenty; three open words in one case are 8,000 combinations.
_MOST_OPEN = 2

# A rule has exceptions, but at most one in three cases.
_EXCEPTIONS = 2

Cases = Sequence[tuple[str, str]]
_Decided = tuple[tuple[str, ...], str]


def learn(cases: Cases, known: Sequence[StatedRule] = ()) -> list[StatedRule]:
    """The known rules, mended and added to until the cases come out right as far as single words and pairs can say.

    cases: input and right answer. known: rules that the prompt has, in its order.
    """
    if not cases:
        return list(known)
    if all(re.fullmatch(r"-?\d+", answer) for _, answer in cases):
        return _operations(cases, known)
    fields = fields_of(cases)
    if not fields:
        return _decisions([(words_in(text), answer) for text, answer in cases], known, "")
    rules: list[StatedRule] = []
    for name in fields:
        values = [(words_in(text), _parts(answer).get(name, "")) for text, answer in cases]
        rules += _decisions(values, [rule for rule in known if rule.field == name], name)
    return rules


def fields_of(cases: Cases) -> tuple[str, ...]:
    """The fields of answers that all have one form."""
    forms = {tuple(_parts(answer)) for _, answer in cases}
    return forms.pop() if len(forms) == 1 else ()


def _parts(answer: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+)=([\w-]+)", answer))


def _decisions(cases: Sequence[_Decided], known: Sequence[StatedRule], field: str) -> list[StatedRule]:
    rules = list(known)
    # Each turn mends a case or ends; a rule may be replaced once.
    for _ in range(len(cases) + len(rules)):
        wrong = [(words, answer) for words, answer in cases if decide(rules, words, field) != answer]
        if not wrong:
            break
        rules = (
            _with_general_rule(wrong, cases, rules, field)
            or _with_exception(wrong, cases, rules, field)
            or _with_correction(wrong, rules, field)
        )
    return rules


def _with_general_rule(
    wrong: Sequence[_Decided], cases: Sequence[_Decided], rules: list[StatedRule], field: str
) -> list[StatedRule] | None:
    """With a rule about one word: before all others where every case bears it out, else behind them where most do
    that no rule decides yet."""
    best: tuple[int, str, list[StatedRule]] | None = None
    stated = {rule.words for rule in rules if rule.field == field}
    for word, answer in sorted({(word, answer) for words, answer in wrong for word in words}):
        if frozenset({word}) in stated:
            continue
        rule = StatedRule(words=frozenset({word}), answer=answer, field=field)
        right = sum(label == answer for words, label in wrong if word in words)
        if all(label == answer for words, label in cases if word in words):
            option = (right, word, [rule, *rules])
        else:
            open_cases = [label for words, label in wrong if word in words and decide(rules, words, field) is None]
            right = sum(label == answer for label in open_cases)
            if right <= _EXCEPTIONS * (len(open_cases) - right):
                continue
            option = (right, word, [*rules, rule])
        if best is None or option[0] > best[0]:
            best = option
    return best[2] if best else None


def _with_exception(
    wrong: Sequence[_Decided], cases: Sequence[_Decided], rules: list[StatedRule], field: str
) -> list[StatedRule] | None:
    """With the rule about two words that mends most cases and breaks none."""
    counts = Counter(
        (frozenset(pair), answer) for words, answer in wrong for pair in itertools.combinations(sorted(words), 2)
    )
    borne_out = [
        (-count, sorted(pair), answer)
        for (pair, answer), count in counts.items()
        if all(label == answer for words, label in cases if pair <= set(words))
    ]
    if not borne_out:
        return None
    _, words, answer = min(borne_out)
    others = [rule for rule in rules if rule.words != set(words) or rule.field != field]
    return [StatedRule(words=frozenset(words), answer=answer, field=field), *others]


def _with_correction(wrong: Sequence[_Decided], rules: list[StatedRule], field: str) -> list[StatedRule]:
    """With another answer in the rule that is wrong on the first case."""
    words, answer = wrong[0]
    for rule in rules:
        if rule.field == field and rule.fits(words) and rule.answer != answer:
            return [
                StatedRule(words=rule.words, answer=answer, field=field),
                *(other for other in rules if other != rule),
            ]
    return rules


def _operations(cases: Cases, known: Sequence[StatedRule]) -> list[StatedRule]:
    domains: dict[str, list[str]] = {word: list(_OPERATIONS) for text, _ in cases for word in chain_of(text)}
    while True:
        before = sum(map(len, domains.values()))
        for text, answer in sorted(cases, key=lambda case: len(chain_of(case[0]))):
            _narrow(domains, text, answer)
        if sum(map(len, domains.values())) == before:
            break
    stated: Mapping[str, str] = {min(rule.words): rule.answer for rule in known if rule.field == STEP}
    chosen = {
        word: stated[word] if stated.get(word) in operations else operations[0]
        for word, operations in domains.items()
        # What several operations explain is not worth a rule as long as the prompt has none.
        if operations and (len(operations) < len(_OPERATIONS) or word in stated)
    }
    return [_operation(word, operation) for word, operation in {**stated, **chosen}.items()]


def _narrow(domains: dict[str, list[str]], text: str, answer: str) -> None:
    """Keep the operations that some choice of the others in this case goes together with."""
    words = list(dict.fromkeys(chain_of(text)))
    if sum(len(domains[word]) > 1 for word in words) > _MOST_OPEN:
        return
    fitting: dict[str, set[str]] = {word: set() for word in words}
    for operations in itertools.product(*(domains[word] for word in words)):
        rules = [_operation(word, operation) for word, operation in zip(words, operations, strict=True)]
        if calculate(rules, text) == int(answer):
            for word, operation in zip(words, operations, strict=True):
                fitting[word].add(operation)
    for word in words:
        if fitting[word]:
            domains[word] = [operation for operation in domains[word] if operation in fitting[word]]


def _operation(word: str, operation: str) -> StatedRule:
    return StatedRule(words=frozenset({word}), answer=operation, field=STEP)
