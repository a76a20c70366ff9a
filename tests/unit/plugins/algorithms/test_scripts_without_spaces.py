"""Phrases, segments, branches and answers in Chinese and Japanese, beside English, with right values."""

from __future__ import annotations

from random import Random

import pytest
from maieutic.core.asks import Case
from maieutic.core.dataset import Example
from maieutic.core.models import Output
from maieutic.core.prompt import Branch, Prompt
from maieutic.core.render import branch_text
from maieutic.core.stats.answer_classes import position_of
from maieutic.core.tfidf import TfidfSpace, cosine
from maieutic.plugins.algorithms.branch_tree import BranchRevision, read_revision
from maieutic.plugins.algorithms.demo_sets import reasoning_before_answer
from maieutic.plugins.algorithms.phrases import add_phrase, join_phrases, split_phrases
from maieutic.plugins.algorithms.segments import replace_segment, split_segments, without_segment
from maieutic.plugins.evaluators.reference_match import ContainsMatch, TokenF1
from maieutic.plugins.evaluators.text_statistics import LengthEvaluator, WordListEvaluator
from maieutic.plugins.operators.branching import parse_importance
from maieutic.plugins.operators.principle_edit import PrincipleReply
from maieutic.plugins.strategies.categorical_policy import typical_words

CHINESE = "请先通读客户的来信，再判断由哪个部门处理。只写部门名称！"


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("Read the text, then answer it.", ["Read the text,", "then answer it."]),
        (CHINESE, ["请先通读客户的来信，", "再判断由哪个部门处理。", "只写部门名称！"]),
        ("把{text}分类，并回答。", ["把", "{text}", "分类，", "并回答。"]),
        ("入力を読み、「はい」と答える。", ["入力を読み、", "「はい」と答える。"]),
    ],
)
def test_phrases(text: str, phrases: list[str]) -> None:
    assert [phrase.text for phrase in split_phrases(text)] == phrases
    assert join_phrases(split_phrases(text)) == text


def test_a_phrase_that_comes_back_has_spaces_where_its_script_has_them() -> None:
    chinese = join_phrases(add_phrase(split_phrases("请回答。"), "先读输入，", Random(0)))
    assert chinese in ("先读输入，请回答。", "请回答。先读输入，")
    english = join_phrases(add_phrase(split_phrases("Answer it."), "Read first.", Random(0)))
    assert english in ("Read first. Answer it.", "Answer it. Read first.")


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("Read it. Judge it. Answer.", ["Read it.", "Judge it.", "Answer."]),
        ("先读来信。再判断部门。只写名称。", ["先读来信。", "再判断部门。", "只写名称。"]),
        ("先读客户的来信，再判断是哪个部门，最后只写名称", ["先读客户的来信，", "再判断是哪个部门，", "最后只写名称"]),
        ("先读来信并回答", ["先", "读", "来", "信", "并", "回", "答"]),
    ],
)
def test_segments(text: str, segments: list[str]) -> None:
    assert [segment.text for segment in split_segments(Prompt(instruction=text), 12)] == segments


def test_a_segment_is_left_out_and_replaced_without_spaces_of_another_script() -> None:
    prompt = Prompt(instruction="先读来信。再判断部门。只写名称。")
    second = split_segments(prompt, 12)[1]
    assert without_segment(prompt, second).instruction == "先读来信。只写名称。"
    assert replace_segment(prompt, second, "再想一想。").instruction == "先读来信。再想一想。只写名称。"


COLON, WIDE_COLON = "{}: {}", "{}：{}"


@pytest.mark.parametrize(
    ("text", "revision", "line"),
    [
        ("NEW: If it asks for money: answer billing", ("", "it asks for money", "answer billing"), "If {}: {}"),
        ("2: If it also is late, then ask", ("2", "it also is late", "ask"), "If {}: {}"),
        ("2: answer with sales", ("2", "", "answer with sales"), None),
        ("NEW: 如果输入包含“发票”，回答“billing”。", ("", "如果输入包含“发票”", "回答“billing”。"), WIDE_COLON),
        ("NEW：如果来信提到“退款”、“发票”，则回答“账务”", ("", "如果来信提到“退款”、“发票”", "回答“账务”"), WIDE_COLON),
        ("2：若还提到海外：回答“询问”", ("2", "若还提到海外", "回答“询问”"), WIDE_COLON),
        ("新增：当客户询问密码时，回答“access”", ("", "当客户询问密码时", "回答“access”"), WIDE_COLON),
        ("2：回答“sales”", ("2", "", "回答“sales”"), None),
        (
            "NEW: 入力に「返金」が含まれる場合は、「billing」と答える。",
            (
                "",
                "入力に「返金」が含まれる場合",
                "「billing」と答える。",
            ),
            WIDE_COLON,
        ),
        ("NEW: もし「鍵」とあれば、accessと答える", ("", "もし「鍵」とあれば", "accessと答える"), WIDE_COLON),
        ("NEW: Wenn es um Geld geht, antworte billing", ("", "Wenn es um Geld geht", "antworte billing"), COLON),
        ("NEW: если письмо о доставке: ответь shipping", ("", "если письмо о доставке", "ответь shipping"), COLON),
    ],
)
def test_branches(text: str, revision: tuple[str, str, str], line: str | None) -> None:
    _, when, then = revision
    assert read_revision(text) == BranchRevision(*revision)
    if line is not None:
        assert branch_text(Branch(when=when, then=then)) == line.format(when, then)


@pytest.mark.parametrize(
    "text", ["NEW: 如果...：回答...", "NEW: If the input ...: answer with ...", "我认为提示已经很好。"]
)
def test_no_branch(text: str) -> None:
    assert read_revision(text) is None


@pytest.mark.parametrize(
    ("item", "parts"),
    [("8 | 缺少退款规则", (8, "缺少退款规则")), ("7：缺少规则", (7, "缺少规则")), ("9、海外申请", (9, "海外申请"))],
)
def test_importance_of_a_pattern(item: str, parts: tuple[int, str]) -> None:
    assert parse_importance(item) == parts


@pytest.mark.parametrize(
    ("text", "edit", "number", "principle"),
    [
        ("NEW：提到发票时回答账务", "add", 0, "提到发票时回答账务"),
        ("新增：提到发票时回答账务", "add", 0, "提到发票时回答账务"),
        ("2：提到发票时回答账务", "change", 2, "提到发票时回答账务"),
        ("修改第2：提到发票时回答账务", "change", 2, "提到发票时回答账务"),
        ("REMOVE 2", "remove", 2, ""),
        ("删除第2", "remove", 2, ""),
    ],
)
def test_principles(text: str, edit: str, number: int, principle: str) -> None:
    reply = PrincipleReply(principle=text, raw=text)
    assert (reply.edit, reply.number, reply.principle) == (edit, number, principle)


@pytest.mark.parametrize(
    ("answer", "reference", "contains", "f1"),
    [
        ("客户想要退款。", "退款", 1.0, 0.5),
        ("答えは東京です", "東京", 1.0, 4 / 9),
        ("the cat sat", "cat", 1.0, 2 / 3),
        ("concatenate", "cat", 0.0, 0.0),
    ],
)
def test_scores(answer: str, reference: str, contains: float, f1: float) -> None:
    assert ContainsMatch().compare(answer, (reference,)).value == contains
    assert TokenF1().compare(answer, (reference,)).value == pytest.approx(f1)


@pytest.mark.parametrize(
    ("unit", "text", "size"),
    [("words", "请先读输入，再回答。", 4), ("sentences", "先读。再答！好吗？", 3), ("words", "Read it first.", 3)],
)
async def test_lengths(unit: str, text: str, size: int) -> None:
    score = await LengthEvaluator(least=1, unit=unit).evaluate(Example(input=""), Output(text=text), text)  # type: ignore[arg-type]
    assert score.values == {unit: size}


async def test_words_that_are_not_wanted_are_found_inside_a_sentence() -> None:
    score = await WordListEvaluator(words=("笨蛋",)).evaluate(Example(input=""), Output(text="你真是笨蛋啊"), None)
    assert score.value == 0.0


def test_answers_copied_from_an_input_have_a_place_in_it() -> None:
    assert position_of("北京和上海哪个更大？", "北京") == "early"
    assert position_of("冬天比较冷的是哪座城市，是广州还是哈尔滨", "哈尔滨") == "late"
    assert position_of("the cat, not the concat", "cat") == "early"


def test_reasoning_of_a_demo_ends_with_a_full_stop_of_any_script() -> None:
    case = Case(input="x", output="客户询问的是上个月的发票金额。\nbilling", expected="billing")
    assert reasoning_before_answer(case) == "客户询问的是上个月的发票金额。"


def test_long_texts_without_spaces_are_similar_where_they_share_words() -> None:
    texts = [
        "客户来信，询问发票金额，要求退款，希望尽快，账号错误，上月扣款，附上截图，请回复，谢谢",
        "员工来信，想要请假，理由生病，三天时间，主管同意，附上证明，请批准，请回复，谢谢",
        "有人问，能否退款，因为发票金额错误，扣款两次，很着急，请处理，打电话，尽快，谢谢",
    ]
    space = TfidfSpace(texts)
    assert not space.uses_trigrams
    first, second, third = (space.vector(text) for text in texts)
    assert cosine(first, third) > cosine(first, second)


def test_typical_words_of_texts_without_spaces_are_pairs() -> None:
    texts = ["我要退款", "退款何时到", "密码忘了", "修改密码", "你好"]
    assert set(typical_words(texts, 2)) == {"退款", "密码"}
