"""What capable authors write reaches the search whole, however it is marked."""

import json
import time

import pytest
from maieutic.agents.asks.common import AskQuestions, EditPrompt, FindReasons
from maieutic.agents.asks.replies import PromptReply, QuestionsReply, ReasonsReply, TextReply
from maieutic.agents.parse.blocks import clean_output
from maieutic.agents.parse.marked import find_fences, find_marked
from maieutic.agents.parse.replies import parse_reply
from maieutic.core.words import count_words, estimate_tokens, word_units
from maieutic.plugins.operators.multi_proposal import WriteSeveralPrompts
from maieutic.plugins.operators.section_edits import EditSection

EDIT = EditPrompt(task="t", prompt="p", reason="r")


def prompt_in(text: str, *, cut: bool = False) -> str | None:
    reply = parse_reply(EDIT, text, cut=cut)
    assert reply is None or isinstance(reply, PromptReply)
    return reply.prompt if reply else None


PROMPTS = {
    "notes": "Classify the review.\n\nNotes:\n- sarcasm counts as negative\n"
    "- mixed reviews follow the last sentence\n\nAnswer with one word.",
    "if you need": "Solve step by step.\n"
    "If you need an intermediate value, write it on a line of its own.\nEnd with 'Answer: N'.",
    "sections in tags": "<role>You route tickets.</role>\n"
    "<rules>\n1. Refunds go to billing.\n</rules>\n<instruction>Reply with the team alone.</instruction>",
    "chinese": "请判断这条评论的情感倾向，只回答“正面”或“负面”。",
    "long list": " ".join(f"Rule {n}: messages about topic {n} go to team {n % 4}." for n in range(1, 41)),
    "tags mentioned": "Put the result in <answer></answer>. Never write <prompt> tags yourself.\nSecond line stays.",
    "reasoning line": "Decide the team.\n\nAnswer in exactly this form:\n"
    "Reasoning: one sentence that names the rule\n"
    "Answer: one of billing, delivery, repair\n\nNever invent a fourth team.",
    "japanese": "レビューの感情を判定してください。回答は「肯定」か「否定」の一語だけにしてください。",
    "chinese lines": "判断工单类别。\n注意：\n- 退款归账务组\n- 延误归物流组\n只输出类别名称，不要写<prompt>标签。",
    "forty thousand characters": "\n".join(
        f"{n}. A message about topic {n} goes to team {n % 7}." for n in range(1, 1000)
    )[:40_000]
    + ".",
    "remarks as rules": "Explanation: give none.\nThis prompt holds for all inputs.\n\n"
    "I hope you see why.\nLet me know",
    "label at the top": "# Instruction:\nClassify the review.\n\n## Changes:\nNone are asked for.",
    "tag inside": "Classify it.\n<instruction>One word.</instruction>\nNever two words.",
    "own tag inside": "Write\n<prompt>\nthe text\n</prompt>\nand nothing else.",
    "closing tag mentioned": "Copy what stands between <prompt> and </prompt> to the end. Then stop.",
    "tags in quotes": 'Never write "<prompt>" or `</prompt>` around it.\nOne word.',
    "thinking asked for": "Think in <think></think> first:\n<think>your steps</think>\nThen write the label.",
    "chat tokens": "The log has marks such as <|im_end|> in it. Count them, and write the number.",
    "fence inside": 'Return JSON:\n```json\n{"team": "billing"}\n```\nNothing else.',
    "fence at both ends": '```json\n{"a": 1}\n```\nis the input. The output is\n```json\n{"b": 2}\n```',
    "worked examples": "Classify.\n\n"
    "Input: good\nOutput: positive\n"
    "Input: fine\nOutput: positive\nInput: bad\nOutput: negative",
    "braces": 'Answer {"team": {"name": "billing"}} and TEAM={team}.',
    "refusal as a rule": "Sorry is a word that counts as polite.\n"
    + "Every polite word counts as one point. " * 2
    + "\n" * 2
    + " ".join(f"Rule {n} holds for case {n}." for n in range(30)),
}


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
@pytest.mark.parametrize(
    "form",
    [
        "<prompt>{}</prompt>",
        "Here is the improved prompt:\n\n<prompt>\n{}\n</prompt>\n\nThis prompt is better because it names the form.",
        "<think>They want <prompt> tags. <prompt>No no</prompt>?</think>\n<prompt>\n{}\n</prompt>",
        "I will put it in <prompt> tags.\n\n<prompt>\n{}\n</prompt><|im_end|>",
        "<prompt>A first try of it</prompt> is weak, so:\n<prompt>\n{}\n</prompt>",
    ],
    ids=["bare", "chatty", "thinking", "announced", "second try"],
)
def test_inside_a_marked_block_nothing_is_removed(prompt: str, form: str) -> None:
    assert prompt_in(form.replace("{}", prompt)) == prompt.strip()


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_a_prompt_in_json_is_whole(prompt: str) -> None:
    for text in (
        json.dumps({"prompt": prompt}),
        json.dumps({"reason": "too short", "improved_prompt": prompt}, indent=2, ensure_ascii=False),
        f"```json\n{json.dumps({'prompt': prompt})}\n```",
        f'{{"prompt": "{json.dumps(prompt)[1:-1]}"}}'.replace("\\n", "\n"),
    ):
        assert prompt_in(text) == prompt.strip()


@pytest.mark.parametrize("name", [name for name in PROMPTS if "own tag" not in name and "closing" not in name])
def test_a_prompt_in_a_fence_is_whole(name: str) -> None:
    prompt = PROMPTS[name].strip()
    assert prompt_in(f"The new one:\n\n````markdown\n{prompt}\n````\n\nI hope this helps!") == prompt
    assert prompt_in(f"<prompt>\n````\n{prompt}\n````\n</prompt>") == prompt


def test_a_fence_holds_the_fences_inside_of_it() -> None:
    inner = 'Return JSON:\n```json\n{"a": 1}\n```\nor text:\n```\nx y\n```\nNothing else.'
    for text in (f"```markdown\n{inner}\n```", f"````\n{inner}\n````\nBye", f"~~~\n{inner}\n~~~"):
        (fence,) = find_fences(text)
        assert (fence.text, fence.closed) == (inner, True)
    first, second = find_fences("```\nOne text.\n```\nor\n```\nTwo texts.\n```")
    assert (first.text, second.text) == ("One text.", "Two texts.")


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("<a>x</a><a>y</a>", ["x", "y"]),
        ("<a>x <a>y</a> z</a>", ["x <a>y</a> z"]),
        ("<a>\n<a>y z</a>", ["y z"]),
        ("<a>x</a> y</a>", ["x</a> y"]),
        ("<a>x</a>\n</a>", ["x"]),
        ("<a>x <b>y</b> z", ["x <b>y</b> z"]),
        ("<a>x</b> because", ["x"]),
        ("x y</a> z", ["x y"]),
        ("Use <a> x y </a> now", ["x y"]),
        ("", []),
    ],
)
def test_a_block_is_the_outermost_pair(text: str, blocks: list[str]) -> None:
    assert [block.text for block in find_marked(text, "a", "b")] == blocks


def test_sections_in_tags_are_a_prompt_even_if_nobody_marked_it() -> None:
    sections = "<role>You route tickets.</role>\n<instruction>Reply with the team alone.</instruction>"
    assert prompt_in(sections) == sections
    remarked = "<reasoning>It was vague.</reasoning>\n<instruction>Reply with the team alone.</instruction>"
    assert prompt_in(remarked) == "Reply with the team alone."


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<think>a</think>b", "b"),
        ("<think>a</think>\n<thinking>b</thinking>\nc", "c"),
        ("a step, then </think>b", "b"),
        ("I want <prompt> tags.</think>\n<prompt>b</prompt>", "<prompt>b</prompt>"),
        ("<think>a <prompt>b", ""),
        ("<prompt>a <think>b</think></prompt>", "<prompt>a <think>b</think></prompt>"),
        ("Write your steps in <think></think>.", "Write your steps in <think></think>."),
        ('{"prompt": "a <think>b</think>"}', '{"prompt": "a <think>b</think>"}'),
        ("<|im_start|>a<|im_end|>", "a"),
    ],
)
def test_thinking_is_removed_before_the_answer_only(text: str, rest: str) -> None:
    assert clean_output(text) == rest


def test_several_prompts_are_whole() -> None:
    texts = ["Classify it.\n\nNotes:\n1. One word.\n2. No more.", "判断类别。\n- 只写一个词"]
    reply = parse_reply(
        WriteSeveralPrompts(task="t", prompt="p"), "\n".join(f"<prompt>{t}</prompt>" for t in texts), tags=("prompt",)
    )
    assert reply is not None
    assert list(reply.items) == texts  # type: ignore[attr-defined]


def test_a_section_of_any_length_is_whole() -> None:
    section = "<section>" + " ".join(f"Rule {n} holds for case {n}." for n in range(900)) + "</section>"
    reply = parse_reply(EditSection(task="t", prompt="p", section="s", text="x"), section, tags=("section",))
    assert isinstance(reply, TextReply)
    assert f"<section>{reply.text}</section>" == section


def test_chinese_and_japanese_replies_are_read() -> None:
    reasons = parse_reply(
        FindReasons(prompt="p", count=2), "<reason>提示没有说明格式</reason><reason>ラベルの定義がない</reason>"
    )
    assert isinstance(reasons, ReasonsReply)
    assert reasons.reasons == ("提示没有说明格式", "ラベルの定義がない")
    paragraphs = parse_reply(
        FindReasons(prompt="p", count=2), "提示没有说明答案的格式，也没有例子。\n\n标签的定义互相矛盾，模型只能猜测。"
    )
    assert isinstance(paragraphs, ReasonsReply)
    assert len(paragraphs.reasons) == 2
    ask = AskQuestions(task="t", prompt="p", step="s")
    for text in ("<question>哪些评论算作中性？</question>", "我想知道一件事。哪些评论算作中性评论？"):
        questions = parse_reply(ask, text)
        assert isinstance(questions, QuestionsReply)
        assert questions.questions[0].endswith("中性？") or questions.questions[0].endswith("评论？")
    assert prompt_in("请判断这条评论的情感倾向，只回答“正面”或“负面”。") is not None
    assert prompt_in("<prompt>好</prompt>") is None
    assert prompt_in("<prompt>" + "请判断评论。只写一个词。" * 6 + "</prompt>") is None


def test_words_of_scripts_without_spaces_are_counted() -> None:
    assert word_units("Das Wort 情感倾向") == ["das", "wort", "情", "感", "倾", "向"]
    assert count_words("Das Wort 情感倾向") == 4
    assert count_words("다음 문장을 분류하세요") == 3
    assert estimate_tokens("word" * 10) == 10
    assert estimate_tokens("情感倾向") == 4


def test_long_replies_are_read_in_no_time() -> None:
    started = time.process_time()
    for text in ("<prompt>" * 2000, "{" * 20_000, "```\n" * 5000, "a <b " * 10_000, "说明。" * 20_000):
        prompt_in(text)
    # Quadratic time would take minutes.
    assert time.process_time() - started < 10
