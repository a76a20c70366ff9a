"""What models say, and what is read from it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.agents.asks.common import (
    AskQuestions,
    EditPrompt,
    FindReasons,
    JudgeQuestions,
    ParaphrasePrompt,
    PlanPath,
)
from maieutic.agents.asks.replies import JudgementReply, PathReply, PromptReply, QuestionsReply, ReasonsReply, TextReply
from maieutic.agents.parse.blocks import find_json, find_list_items, find_tagged
from maieutic.agents.parse.replies import parse_reply
from maieutic.core.asks import AgentReply, Ask
from maieutic.plugins.operators.critique import CritiquePrompt
from maieutic.plugins.operators.section_edits import EditSection

EDIT = EditPrompt(task="t", prompt="p", reason="r")
ASK = AskQuestions(task="t", prompt="p", step="s")
JUDGE = JudgeQuestions(questions=("a?",))
REASONS = FindReasons(prompt="p", count=2)
PLAN = PlanPath(task="t", prompt="p", steps=3)
GOOD = "Say whether the review is positive or negative."


def prompt_in(text: str, *, cut: bool = False, samples: tuple[str, ...] = ()) -> str | None:
    reply = parse_reply(EDIT, text, cut=cut, samples=samples)
    assert reply is None or isinstance(reply, PromptReply)
    return reply.prompt if reply else None


@pytest.mark.parametrize(
    "text",
    [
        f"<prompt>{GOOD}</prompt>",
        f"<PROMPT>\n{GOOD}\n</Prompt> This makes it clearer.",
        f"Here you are: <prompt>{GOOD}",
        f"{GOOD}</prompt>",
        f"<prompt>old one here</prompt> is weak, so:\n<prompt>{GOOD}</prompt>",
        f"<think>maybe <prompt>No no</prompt></think>{GOOD}",
        f'{{"prompt": "{GOOD}"}}',
        f"```json\n{{'improved_prompt': '{GOOD}',}}\n```",
        f"Sure! Here is the improved prompt:\n\n```\n{GOOD}\n```\nI hope this helps!",
        f'Here is the improved prompt:\n"{GOOD}"',
        f"**New prompt:** {GOOD}",
        f"<prompt>**Prompt:** “{GOOD}”</prompt>",
        f"{GOOD}\n\nExplanation: it is shorter.",
        f"{GOOD}\n\nThis version is clearer than before.",
        f"{GOOD}<|im_end|>",
        f"<prompt>```text\n{GOOD}\n```</prompt>",
        f"Reworded text:\n{GOOD}\n\nReworded text:\n{GOOD}",
        f'The whole new prompt is: "{GOOD}"',
        f"The instruction was:\n\n{GOOD}",
        f"<prompt></prompt><prompt>{GOOD}</prompt><prompt>...</prompt>",
    ],
)
def test_a_prompt_is_found(text: str) -> None:
    assert prompt_in(text) == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "...",
        "<prompt></prompt>",
        "<prompt>the whole new prompt</prompt>",
        "I'm sorry, but I cannot help with that.",
        "<prompt>Sorry, I cannot assist with this request.</prompt>",
        "N/A : Format wrong",
        "As an AI language model, I have no prompt.",
        "Could you please provide the prompt?",
        "I'm ready to help! What prompt do you have?",
        "I am an AI assistant. Tell me more.",
        "A dull film, and what a new prompt it is.",
        "<prompt>[1] Input: a dull film\n    Expected: negative</prompt>",
        "<prompt>" + "Choose the word. You chose it. " * 5 + "</prompt>",
        "positive",
        "<think>never came to an answer",
    ],
)
def test_no_prompt_is_invented(text: str) -> None:
    assert prompt_in(text) is None


def test_a_prompt_keeps_its_own_quotes_lists_and_tags() -> None:
    own = 'Answer "yes" or "no".\n1. Read <text>.\n2. Put the result in <answer></answer>.'
    assert prompt_in(f"<prompt>{own}</prompt>") == own


@pytest.mark.parametrize(
    "own",
    [
        "The answer must be one of the following: positive, negative.",
        "Here is a movie review: say whether it is positive or negative.",
        "Answer: say positive or negative.",
        "To answer, read the instructions of the user: do what they say.",
        'Say "positive" or "negative"',
    ],
)
def test_what_only_looks_like_a_remark_stays(own: str) -> None:
    assert prompt_in(f"<prompt>{own}</prompt>") == own
    assert prompt_in(own) == own


@pytest.mark.parametrize(
    ("text", "cut", "said"),
    [
        ("<section>Use one label. Never wri", True, None),
        ("<section>Use one label. Never wri", False, "Use one label. Never wri"),
        ("<section>Use one label. Never wri</section>", True, "Use one label. Never wri"),
        ("<section>Never wri", True, None),
    ],
)
def test_a_text_that_was_cut_is_none(text: str, cut: bool, said: str | None) -> None:
    ask = EditSection(task="t", prompt="p", section="Steps", text="x")
    reply = parse_reply(ask, text, cut=cut, tags=("section",))
    assert (reply.text if isinstance(reply, TextReply) else None) == said


def test_a_prompt_that_was_cut_is_none() -> None:
    assert prompt_in(f"<prompt>{GOOD} Use one", cut=True) is None
    assert prompt_in(f"{GOOD} Use one", cut=True) is None
    assert prompt_in(f'{{"prompt": "{GOOD} Use one', cut=True) is None
    assert prompt_in(f"```\n{GOOD} Use one", cut=True) is None
    assert prompt_in(f"<prompt>{GOOD}</prompt> Better:\n<prompt>{GOOD} Use", cut=True) is None
    assert prompt_in(f"<prompt>{GOOD} Now</prompt> because", cut=True) == f"{GOOD} Now"


def test_advice_that_was_cut_may_end_with_a_whole_sentence() -> None:
    ask = CritiquePrompt(prompt="p")
    for text, critique in {
        "<critique>It is vague. It does n": "It is vague.",
        "<critique>提示太模糊。它没有": "提示太模糊。",
    }.items():
        reply = parse_reply(ask, text, cut=True, partial=True, tags=("critique",))
        assert isinstance(reply, TextReply)
        assert reply.text == critique
        assert parse_reply(ask, text, cut=True, tags=("critique",)) is None


def test_a_sample_is_skipped_for_the_answer_beside_it() -> None:
    sample = "Put it into French."
    assert prompt_in(f"<prompt>{GOOD}</prompt><prompt>put it into french</prompt>", samples=(sample,)) == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "<question>What is unclear?</question>\n<question>Why one word?</question>",
        "<questions>\n1. What is unclear?\n2. Why one word?\n</questions>",
        "1. **What is unclear?**\n2. Why one\nword?",
        "- What is unclear?\n- Why one word?\n\nLet me know.",
        '["What is unclear?", "Why one word?"]',
        '{"questions": [{"question": "What is unclear?"}, {"q": "Why one word?"}]}',
        "Question 1: What is unclear?\nQuestion 2: Why one word?",
    ],
)
def test_questions_are_found(text: str) -> None:
    reply = parse_reply(ASK, text)
    assert isinstance(reply, QuestionsReply)
    assert reply.questions == ("What is unclear?", "Why one word?")


def test_questions_in_prose_are_found_and_statements_are_none() -> None:
    reply = parse_reply(ASK, "Well. What would a reader miss here? That is one. And how should it answer?")
    assert isinstance(reply, QuestionsReply)
    assert reply.questions == ("What would a reader miss here?", "And how should it answer?")
    assert parse_reply(ASK, "The prompt is good.") is None
    assert parse_reply(ASK, "1. What? How? Why?\n2. Which? Which?") is None


@pytest.mark.parametrize(
    ("text", "accepted", "suggestion"),
    [
        ("<verdict>True</verdict>", True, ""),
        ("<verdict>false</verdict><suggestion>Be open.</suggestion>", False, "Be open."),
        ("[False] [suggestion: Be open.]", False, "Be open."),
        ("False. Be open.", False, "Be open."),
        ("True. Nothing in them is false.", None, ""),
        ("True.\nA false one would give the answer away.", True, ""),
        ("[True]", True, ""),
        ('{"accepted": false, "suggestion": "Be open."}', False, "Be open."),
        ("Yes, they are.", True, ""),
        ("No.\nThey are closed.", False, "They are closed."),
        ("True or False", None, ""),
        ("<verdict>True or False</verdict>", None, ""),
        ("It is not true.", None, ""),
        ("The questions are fine.", None, ""),
    ],
)
def test_a_verdict_is_read_only_where_it_is_one(text: str, accepted: bool | None, suggestion: str) -> None:
    reply = parse_reply(JUDGE, text)
    if accepted is None:
        assert reply is None
    else:
        assert isinstance(reply, JudgementReply)
        assert (reply.accepted, reply.suggestion) == (accepted, suggestion)


@pytest.mark.parametrize(
    "text",
    [
        "<reason>It names no labels.</reason><reason>It is vague.</reason><reason>It is short.</reason>",
        "<START>\n1. It names no labels.\n2. It is vague.\n",
        "It names no labels.\n\nIt is vague.\n".replace("It is", "It is all too"),
    ],
)
def test_reasons_are_found_and_no_more_than_asked_for(text: str) -> None:
    reply = parse_reply(REASONS, text)
    assert isinstance(reply, ReasonsReply)
    assert 1 <= len(reply.reasons) <= 2
    assert "labels" in reply.reasons[0] or "vague" in reply.reasons[0]


@pytest.mark.parametrize(
    "text",
    [
        "<step>Name the labels.</step>\n<step>Say the form.</step>",
        "Total steps: 2\nStep 1: Name the labels.\nStep 2: Say the form.",
        "Here is the plan:\n1) Name the labels.\n2) Say the form.",
        '{"steps": ["Name the labels.", "Say the form."]}',
    ],
)
def test_a_path_is_found(text: str) -> None:
    reply = parse_reply(PLAN, text)
    assert isinstance(reply, PathReply)
    assert reply.steps == ("Name the labels.", "Say the form.")


def test_a_path_is_no_longer_than_wanted_and_a_missing_one_is_none() -> None:
    reply = parse_reply(PLAN, "\n".join(f"{n}. Do thing {n}." for n in range(1, 9)))
    assert isinstance(reply, PathReply)
    assert len(reply.steps) == 3
    assert parse_reply(PLAN, "I would make it better.") is None


class Mood(AgentReply):
    mood: str
    strength: int = 0


class AskMood(Ask[Mood]):
    role = "critic"
    skill = "mood"
    reply = Mood


@pytest.mark.parametrize("text", ["<mood>dark</mood> <strength>3</strength>", 'so: {"Mood": "dark", "strength": "3"}'])
def test_a_reply_of_ones_own_is_read_by_its_fields(text: str) -> None:
    reply = parse_reply(AskMood(), text)
    assert isinstance(reply, Mood)
    assert (reply.mood, reply.strength) == ("dark", 3)
    assert parse_reply(AskMood(), "dark, I guess") is None


WORDS = """<prompt>
</prompt> <PROMPT <question> </question> <verdict> True False not [ ] { } " ' ``` 1. - * : ? {input} Here
is the prompt: word other <think> </think> , null 5 Step suggestion:"""
PIECES = st.sampled_from([*WORDS.split(), "\n", "\x00", chr(0xD800)])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=40).map(" ".join)), st.booleans())
def test_no_text_makes_the_reader_raise(text: str, cut: bool) -> None:
    for ask in (EDIT, ASK, JUDGE, REASONS, PLAN, ParaphrasePrompt(prompt="p"), AskMood()):
        reply = parse_reply(ask, text, cut=cut, samples=("one two",))
        assert reply is None or isinstance(reply, ask.reply)
        if reply is not None:
            reply.model_dump_json().encode()
            assert parse_reply(ask, reply.raw, cut=cut, samples=("one two",)) == reply


def test_deep_json_and_long_text_are_taken() -> None:
    assert parse_reply(PLAN, "[" * 5000) is None
    assert parse_reply(EDIT, "a " * 50_000) is None
    assert find_json("no value") is None
    assert find_tagged("x < y <prompt", "prompt") == []
    assert find_list_items("1.\n\n2. two") == ["two"]
