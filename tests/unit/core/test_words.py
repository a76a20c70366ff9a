"""Words, sentences and boundaries in scripts with and without spaces."""

from __future__ import annotations

import re

import pytest
from maieutic.core.words import (
    estimate_tokens,
    is_whole_word,
    join_tokens,
    length_in_words,
    needs_space,
    sentence_spans,
    split_tokens,
    whole_words,
)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Read it. Then answer!  Is it v1.2? Yes", ["Read it. ", "Then answer!  ", "Is it v1.2? ", "Yes"]),
        ("先读输入。再回答！是否清楚？", ["先读输入。", "再回答！", "是否清楚？"]),
        ("入力を読む。\n「はい」と答える。", ["入力を読む。\n", "「はい」と答える。"]),
        ("他说：“不行。”然后离开。", ["他说：“不行。”", "然后离开。"]),
        ("请看 README.md。Answer in English. 谢谢", ["请看 README.md。", "Answer in English. ", "谢谢"]),
        ("没有标点的一行\n另一行", ["没有标点的一行", "另一行"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end].strip("\n") for start, end in sentence_spans(text)] == [
        sentence.strip("\n") for sentence in sentences
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Say yes, or don't.", 4),
        ("退款申请", 2),
        ("请先读输入，再回答。", 4),
        ("回答 yes 或 no", 4),
        ("고객이 묻는다", 2),
        ("ผู้ใช้", 3),
    ],
)
def test_length_in_words(text: str, words: int) -> None:
    assert length_in_words(text) == words


@pytest.mark.parametrize(
    "text", ["Say yes, or no.", "请先读输入，再回答。", "回答“yes”或“no”，不要解释。", "入力を読み、答える。"]
)
def test_tokens_join_to_the_text(text: str) -> None:
    assert join_tokens(split_tokens(text)) == text


def test_tokens_of_english_are_what_stands_between_spaces() -> None:
    assert split_tokens("Don't  say “no”, U.S.") == ["Don't", "say", "“no”,", "U.S."]
    assert split_tokens("回答yes。") == ["回", "答", "yes", "。"]


@pytest.mark.parametrize(
    ("before", "after", "space"),
    [
        ("say", "yes", True),
        ("he said", "“no”", True),
        ("回答", "是", False),
        ("回答：", "“是”", False),
        ("answer", "回答", False),
        ("", "yes", False),
        ("say ", "yes", False),
    ],
)
def test_needs_space(before: str, after: str, space: bool) -> None:
    assert needs_space(before, after) is space


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("cat", "the cat sat", True),
        ("cat", "concatenate", False),
        ("退款", "客户想要退款。", True),
        ("AI", "使用AI模型", True),
        ("東京", "答えは東京です", True),
        ("서울", "서울은 수도이다", True),
        ("no", "know", False),
        ("3", "33", False),
    ],
)
def test_whole_words(phrase: str, text: str, found: bool) -> None:
    assert (re.search(whole_words(re.escape(phrase)), text) is not None) is found
    start = text.index(phrase)
    assert is_whole_word(text, start, start + len(phrase)) is found


def test_a_character_of_a_script_without_spaces_is_a_token() -> None:
    assert estimate_tokens("abcdefgh") == 2
    assert estimate_tokens("退款申请abcd") == 5
