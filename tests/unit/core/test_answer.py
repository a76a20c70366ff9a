"""The answer readers: tolerant, unambiguous, and silent on any text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.answer import AnswerContract
from maieutic.core.errors import TaskError
from maieutic.core.label_reader import normalize_answer

LABELS = ("positive", "negative", "very positive")
MENTION = AnswerContract(type="label", labels=LABELS)
WHOLE = AnswerContract(type="label", labels=LABELS, read="whole")
CHOICE = AnswerContract(type="choice")
NUMBER = AnswerContract(type="number")
JSON = AnswerContract(type="json")
TAG = AnswerContract(type="tag", tag="verdict")
ALL = (
    AnswerContract(),
    MENTION,
    WHOLE,
    CHOICE,
    NUMBER,
    JSON,
    TAG,
    AnswerContract(type="regex", pattern=r"=(\w*)"),
    AnswerContract(type="json", schema={"type": "object", "required": ["a"]}),
)
casings = st.sampled_from([str.upper, str.lower, str.title, str.swapcase])
words = st.text(alphabet="qxzk ", max_size=20)


@given(contract=st.sampled_from(ALL), text=st.text() | st.from_regex(r"[-+{}()<>`\d.,eE\"a-c]{0,40}"))
def test_no_reader_raises_and_none_gives_an_empty_answer(contract: AnswerContract, text: str) -> None:
    answer = contract.read_answer(text)
    assert answer is None or answer
    assert contract.accepts(text) in (True, False)
    assert isinstance(contract.normalize_reference(text), str)


@given(label=st.sampled_from(LABELS), casing=casings, before=words, after=words)
def test_one_label_in_any_case_is_that_label(label: str, casing: object, before: str, after: str) -> None:
    assert callable(casing)
    assert MENTION.read_answer(f"{before} {casing(label)}. {after}") == label


@given(pair=st.permutations(LABELS).map(lambda order: order[:2]), between=words)
def test_two_labels_are_none(pair: list[str], between: str) -> None:
    assert MENTION.read_answer(f"{pair[0]},{between} or {pair[1]}") is None


def test_a_label_inside_a_longer_one_is_not_counted_twice() -> None:
    assert MENTION.read_answer("It is very positive.") == "very positive"
    assert MENTION.read_answer("nonpositive") is None


@given(label=st.sampled_from(LABELS), casing=casings, words=st.text(alphabet="qxz", min_size=1))
def test_whole_wants_the_label_and_nothing_else(label: str, casing: object, words: str) -> None:
    assert callable(casing)
    assert WHOLE.read_answer(f' "{casing(label)}".\n') == label
    assert WHOLE.read_answer(f"{label} {words}") is None


@given(value=st.integers(min_value=-(10**14), max_value=10**14), words=words)
def test_numbers_are_read_with_and_without_separators(value: int, words: str) -> None:
    assert NUMBER.read_answer(f"{words} {value:,}.") == str(value)
    assert NUMBER.read_answer(f"first 12345, then {words} {value}") == str(value)


@given(value=st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_reads_back_as_itself(value: float) -> None:
    answer = NUMBER.read_answer(f"it is {value!r}")
    assert answer is not None
    assert float(answer) == pytest.approx(value)


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("b", "B"),
        ("(C)", "C"),
        ("D.", "D"),
        ("The answer is (A).", "A"),
        ("The correct option is b", "B"),
        ("answer: E because", "E"),
        ("I think (A) but maybe (B)", None),
        ("A. first\nB. second", None),
        ("no letter named", None),
        ("", None),
    ],
)
def test_choice_letters(output: str, answer: str | None) -> None:
    assert CHOICE.read_answer(output) == answer


objects = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5).filter(lambda t: "`" not in t))


@given(value=objects, fence=st.sampled_from(["{}", "```json\n{}\n```", "Here:\n```\n{}\n```\nDone.", "I say {} now"]))
def test_json_is_read_in_fences_and_between_words(value: dict[str, object], fence: str) -> None:
    if any("`" in key for key in value):
        return
    answer = JSON.read_answer(fence.replace("{}", json.dumps(value)))
    assert answer is not None
    assert json.loads(answer) == value


def test_json_outside_its_schema_is_none() -> None:
    contract = AnswerContract(type="json", schema={"type": "object", "required": ["a"]})
    assert contract.read_answer('{"a": 1}') == '{"a": 1}'
    assert contract.read_answer('{"b": 1}') is None


@given(inner=st.text(alphabet="abc \n", min_size=1).filter(str.strip), words=words)
def test_the_last_tag_counts(inner: str, words: str) -> None:
    assert TAG.read_answer(f"<verdict>draft</verdict>{words}<verdict>{inner}</verdict>") == inner.strip()
    assert TAG.read_answer(f"<verdict>{inner}") is None


@given(text=st.text())
def test_bare_is_idempotent_in_case_and_space(text: str) -> None:
    assert normalize_answer(f"  {normalize_answer(text)}\n") == normalize_answer(normalize_answer(text))


@pytest.mark.parametrize(
    ("contract", "reference", "canonical"),
    [
        (NUMBER, "1,000", "1000"),
        (NUMBER, "so #### 72", "72"),
        (CHOICE, "(b)", "B"),
        (MENTION, "Positive.", "positive"),
        (JSON, '{"b":1,"a":2}', '{"a": 2, "b": 1}'),
        (AnswerContract(), "As It Is", "As It Is"),
    ],
)
def test_references_are_written_as_answers_are(contract: AnswerContract, reference: str, canonical: str) -> None:
    assert contract.normalize_reference(reference) == canonical
    assert contract.read_answer(canonical) == canonical


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"type": "label", "labels": ("yes", "YES")}, "two different labels"),
        ({"type": "regex", "pattern": "("}, "cannot be read"),
        ({"type": "regex"}, "needs a pattern"),
    ],
)
def test_an_incomplete_contract_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(TaskError, match=said):
        AnswerContract.model_validate(fields)
