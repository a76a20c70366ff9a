"""How models really write answers, and what each reader makes of it: the answer, or None, never another answer."""

from __future__ import annotations

import json

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.answer_markers import split_reasoning
from maieutic.core.number_reader import read_reference_number

CHOICE: list[tuple[str, str | None]] = [
    ("B", "B"),
    ("b", "B"),
    ("b)", "B"),
    ("(b)", "B"),
    ("B.", "B"),
    ("B:", "B"),
    ("[B]", "B"),
    ("{B}", "B"),
    ("**B**", "B"),
    ("__B__", "B"),
    ("`B`", "B"),
    ('"B"', "B"),
    ("“B”", "B"),
    ("Ｂ", "B"),
    ("（B）", "B"),
    ("# B", "B"),
    ("- B", "B"),
    ("$\\boxed{B}$", "B"),
    ("\\boxed{\\text{C}}", "C"),
    ("So it is \\boxed{\\mathrm{D}}.", "D"),
    ("<answer>B</answer>", "B"),
    ("I weigh A against C. <answer>(C)</answer>", "C"),
    ("Answer: C", "C"),
    ("Answer: **C**", "C"),
    ("**Answer:** (D) Paris", "D"),
    ("ANSWER - none", None),
    ("Answer: a", "A"),
    ("answer: E because", "E"),
    ("Final answer: B", "B"),
    ("Final Answer\n\nC", "C"),
    ("So the final answer is\n\nC", "C"),
    ("The answer is (A).", "A"),
    ("The correct answer is: B", "B"),
    ("The correct option is b", "B"),
    ("The answer is B: because A fails", "B"),
    ("Answer: B. Not A.", "B"),
    ("It must be option D.", "D"),
    ("I think it's B", "B"),
    ("I would say (b).", "B"),
    ("a bit unclear, but (C)", "C"),
    ("The answer is not A. It is C.", "C"),
    ("I considered A and B. A is wrong since it ignores the date.\n\nFinal answer: B", "B"),
    ("Option A is too early, option C is not mentioned. The answer is B.", "B"),
    ("<think>It could be A. No, C.</think>\nC", "C"),
    ("It could be A.</think>C", "C"),
    ("<think>It could be A.", None),
    ("答案：B", "B"),
    ("答案是 C。", "C"),
    ("正确答案：（D）", "D"),
    ("正解はBです。", "B"),
    ("答え: A", "A"),
    ("정답은 D입니다.", "D"),
    ("답: C", "C"),
    ("Die richtige Antwort ist (A).", "A"),
    ("Antwort: B", "B"),
    ("Réponse : C", "C"),
    ("La réponse est D.", "D"),
    ("La respuesta correcta es la B.", "B"),
    ("Respuesta: A", "A"),
    ("Resposta: B", "B"),
    ("La risposta è C.", "C"),
    ("Ответ: B", "B"),
    ("Odpowiedź: D", "D"),
    ("Cevap: A", "A"),
    ("A cat sat on the mat.", None),
    ("The answer is a matter of taste.", None),
    ("Vitamin C helps", None),
    ("A is right. B is wrong.", None),
    ("Answer: A or B", None),
    ("(A) or (B)", None),
    ("None of the above", None),
    ("I do not know.", None),
    ("", None),
]

LABELS = ("positive", "negative")
LABEL: list[tuple[str, str | None]] = [
    ("positive", "positive"),
    ("Positive.", "positive"),
    ("POSITIVE!!!", "positive"),
    ("ＰＯＳＩＴＩＶＥ", "positive"),
    ("'negative'", "negative"),
    ("`negative`", "negative"),
    ("“negative”", "negative"),
    ("**negative**", "negative"),
    ("*Negative*", "negative"),
    ("- negative", "negative"),
    ("> negative", "negative"),
    ("(negative)", "negative"),
    ("[negative]", "negative"),
    ("negative;", "negative"),
    ("negative\n", "negative"),
    ("\tnegative", "negative"),
    ("Label: negative", "negative"),
    ("label=negative", "negative"),
    ("**Sentiment:** Negative", "negative"),
    ("Sentiment - negative", "negative"),
    ("sentiment: “Negative”.", "negative"),
    ('{"sentiment": "negative"}', "negative"),
    ("<answer>negative</answer>", "negative"),
    ("\\boxed{negative}", "negative"),
    ("\\boxed{\\text{positive}} and not negative", "positive"),
    ("The review is positive.", "positive"),
    ("It is positive, clearly.", "positive"),
    ("I would call it negative", "negative"),
    ("not negative", "negative"),
    ("non-negative", "negative"),
    ("The first half is negative, but overall… Answer: positive", "positive"),
    ("Some positive words, some negative ones.\n\nAnswer: negative", "negative"),
    ("positive or negative? Final answer: positive", "positive"),
    ("Final answer: **Negative**, although positive words stand there", "negative"),
    ("Verdict: negative although positive words stand there", "negative"),
    ("The answer is positive. A negative reading is possible.", "positive"),
    ("The result is: negative (not positive)", "negative"),
    ("Negative words, positive end.\nSentiment: positive", "positive"),
    ("<think>negative? no.</think>positive", "positive"),
    ("<thinking>negative?</thinking>\n\npositive", "positive"),
    ("negative? hmm</think>positive", "positive"),
    ("<think>sounds negative, the ending", None),
    ("Antwort: positive (nicht negative)", "positive"),
    ("答案：negative，不是 positive", "negative"),
    ("Respuesta: negative, no positive", "negative"),
    ("Réponse : positive et non negative", "positive"),
    ("Ответ: negative, а не positive", "negative"),
    ("positive/negative", None),
    ("positive, negative", None),
    ("positive or negative", None),
    ("Answer: positive or negative", None),
    ("Answer: positive/negative", None),
    ("It is both positive and negative.", None),
    ("neither", None),
    ("positively", None),
    ("negativity", None),
    ("Answer: unclear", None),
    ("I cannot tell.", None),
    ("n/a", None),
    ("", None),
]

NUMBER: list[tuple[str, str | None]] = [
    ("5", "5"),
    ("5.", "5"),
    ("-5", "-5"),
    ("−5", "-5"),
    ("+5", "5"),
    ("５", "5"),
    ("3.0", "3"),
    ("-3.5", "-3.5"),
    (".5", "0.5"),
    ("1e5", "100000"),
    ("1.5E-3", "0.0015"),
    ("1,234", "1234"),
    ("1,234.50", "1234.5"),
    ("1,234,567", "1234567"),
    ("1,00,000", "100000"),
    ("1 234", "1234"),
    ("1\u202f234,5", "1234.5"),
    ("1 000 000", "1000000"),
    ("1'234.50", "1234.5"),
    ("1’234", "1234"),
    ("1.234.567", "1234567"),
    ("1.234,50 €", "1234.5"),
    ("1.137,50 EUR", "1137.5"),
    ("2,5", "2.5"),
    ("0,123", "0.123"),
    ("１，２００", "1200"),
    ("½", "0.5"),
    ("1½", "1.5"),
    ("3/4", "0.75"),
    ("12 %", "12"),
    ("12%", "12"),
    ("$5", "5"),
    ("-$5", "-5"),
    ("$-5", "-5"),
    ("5 USD", "5"),
    ("7 cm", "7"),
    ("**42**", "42"),
    ("#### 18", "18"),
    ("3 + 4 = 7\n#### 7", "7"),
    ("\\boxed{17}", "17"),
    ("$$x = 17$$", "17"),
    ("The final answer: \n\n$18$", "18"),
    ("The answer is 42.", "42"),
    ("The answer is **1,200** dollars.", "1200"),
    ("The answer is $22 for the 3 days.", "22"),
    ("The answer is 12 (since 3*4 = 12)", "12"),
    ("Answer: 2+3 = 5", "5"),
    ("Answer: 7. There were 3 apples left over.", "7"),
    ("答案：１２", "12"),
    ("Antwort: 3,5", "3.5"),
    ("La respuesta es 8.", "8"),
    ("Ответ: 8", "8"),
    ("x = 3 and y = 4, so x+y = 7", "7"),
    ("5 + 3 = 8 apples", "8"),
    ("2^10 = 1024", "1024"),
    ("GPT-4 says 7", "7"),
    ("version 1.2.3 gives 8", "8"),
    ("<think>3? 4?</think>5", "5"),
    ("<think>5", None),
    ("Answer: 3 apples and 4 pears", None),
    ("about 5 to 7", None),
    ("5–7", None),
    ("5-7", None),
    ("10:30", None),
    ("2024-05-01", None),
    ("1.5.2024", None),
    ("5/12/2024", None),
    ("none", None),
    ("", None),
]

REFERENCES: list[tuple[str, float | None]] = [
    ("7", 7),
    ("-7", -7),
    ("1,000", 1000),
    ("so 3 + 4 makes it\n#### 72", 72),
    ("1 234,56 €", 1234.56),
    ("1.137,50 EUR", 1137.5),
    ("1'234.50 CHF", 1234.5),
    ("1 000 000", 1000000),
    ("¥１，２００", 1200),
    ("12 %", 12),
    ("5 kg", 5),
    ("½", 0.5),
    ("1,5", None),
    ("0,123", None),
    ("(1,200.00)", None),
    ("$1,000.00 (incl. 19% VAT)", None),
    ("10:30", None),
    ("2024-05-01", None),
    ("about 5 to 7", None),
    ("5 or 6", None),
    ("five", None),
    ("12 apples and a pear", None),
]


@pytest.mark.parametrize(("output", "answer"), CHOICE)
def test_choices(output: str, answer: str | None) -> None:
    assert AnswerContract(type="choice").read_answer(output) == answer


@pytest.mark.parametrize(("output", "answer"), LABEL)
def test_labels(output: str, answer: str | None) -> None:
    assert AnswerContract(type="label", labels=LABELS).read_answer(output) == answer


@pytest.mark.parametrize(("output", "answer"), NUMBER)
def test_numbers(output: str, answer: str | None) -> None:
    assert AnswerContract(type="number").read_answer(output) == answer


@pytest.mark.parametrize(("reference", "value"), REFERENCES)
def test_references_are_one_number_or_refused(reference: str, value: float | None) -> None:
    text = read_reference_number(reference)
    assert (None if text is None else float(text)) == value
    assert AnswerContract(type="number").accepts(reference) is (value is not None)


@pytest.mark.parametrize("rows", [CHOICE, LABEL, NUMBER])
def test_each_reader_has_sixty_spellings(rows: list[tuple[str, str | None]]) -> None:
    assert len({output for output, _ in rows}) >= 60


@pytest.mark.parametrize(
    ("labels", "output", "answer"),
    [
        (("正面", "负面"), "这条评论的情感是正面。", "正面"),
        (("正面", "负面"), "正面还是负面？答案：负面", "负面"),
        (("肯定的", "否定的"), "肯定的です", "肯定的"),
        (("positif", "négatif"), "ne\u0301gatif", "négatif"),
        (("Lieferung", "Rechnung"), "Kategorie: Lieferung.", "Lieferung"),
        (("billing", "delivery", "repair"), "It is about billing, not delivery.\nTeam: billing", "billing"),
        (("billing", "delivery", "repair"), "billing/delivery", None),
        (("valid", "not valid"), "This is not valid.", "not valid"),
        (("STRASSE", "weg"), "straße", "STRASSE"),
    ],
)
def test_labels_of_other_languages(labels: tuple[str, ...], output: str, answer: str | None) -> None:
    assert AnswerContract(type="label", labels=labels).read_answer(output) == answer


def test_the_last_label_counts_only_where_the_contract_says_so() -> None:
    output = "negative at first, then positive"
    assert AnswerContract(type="label", labels=LABELS).read_answer(output) is None
    last = AnswerContract(type="label", labels=LABELS, read="last")
    assert last.read_answer(output) == "positive"
    assert last.read_answer("positive/negative") is None


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ('```json\n{"a": {"b": [1, 2]}}\n```', {"a": {"b": [1, 2]}}),
        ('First {x} then {"a": 2}', {"a": 2}),
        ('{"a": 1} or rather {"a": 2}', {"a": 2}),
        ('<think>{"a": 1}</think>{"a": 3}', {"a": 3}),
        ("{" * 50_000, None),
        ("no object", None),
    ],
)
def test_json_objects(output: str, value: object) -> None:
    answer = AnswerContract(type="json").read_answer(output)
    assert (None if answer is None else json.loads(answer)) == value


def test_reasoning_is_kept_apart() -> None:
    assert split_reasoning("<think>a</think>b") == ("a", "b")
    assert split_reasoning("a</think>b") == ("a", "b")
    assert split_reasoning("b<think>a") == ("a", "b")
    assert split_reasoning("b") == ("", "b")
    assert AnswerContract().read_answer("<think>why</think>\nbecause") == "because"
    assert AnswerContract(type="tag").read_answer("<answer>no</answer> wait, <answer>yes</answer>") == "yes"
