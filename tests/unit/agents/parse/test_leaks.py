"""An agent's instruction in a prompt is found; a prompt about the same things is not."""

from maieutic.agents.instruction_leaks import leaked_instruction, shares_run
from maieutic.agents.instructions import instruction_for

TOLD = "You improve prompts. Say {prompt} clearly what to do and how to answer, then stop."


def test_eight_words_in_a_row_are_a_leak_and_seven_are_none() -> None:
    assert shares_run("Clearly what to do: and how to ANSWER", [TOLD])
    assert not shares_run("clearly what to do and how to reply", [TOLD])
    assert not shares_run("", [TOLD])


def test_what_is_filled_in_is_not_the_instruction() -> None:
    assert not shares_run("You improve prompts. Say clearly what to do now", [TOLD])


def test_a_leak_is_named_by_its_file() -> None:
    edit = instruction_for("student", "edit")
    line = next(line for line in edit.body.splitlines() if line.startswith("Write a new prompt with which"))
    sentence = line.partition(".")[0]
    assert leaked_instruction(f"Classify the review. {sentence}") == edit.name
    assert leaked_instruction("What is wrong with the prompt:") == edit.name


def test_ordinary_prompts_are_no_leaks() -> None:
    for prompt in (
        "Determine whether a movie review is positive or negative. Answer with one word.",
        "Translate the sentence into French.",
        "You are a helpful assistant. Write a new prompt for an image model from this description.",
        "",
    ):
        assert leaked_instruction(prompt) is None
