"""The requirements that a prompt should state, and which of them a description leaves open (Promptor, ROPE).

The list is fixed, so that an interview works without a model. A model may ask further questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One thing that whoever answers has to know.

    Attributes:
        name: The key of the answer.
        question: The question to the person.
        why: The reason, shown if it was left open.
        needed: Whether nothing useful can begin without it.
    """

    name: str
    question: str
    why: str
    needed: bool = False


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        name="goal",
        question="What should the model do, in a sentence",
        why="without a goal no prompt is better than another",
        needed=True,
    ),
    Requirement(name="input", question="What does one input look like", why="unusual inputs fail first"),
    Requirement(
        name="output",
        question="What is a good answer: its form, its length, the allowed labels",
        why="a form that is not stated is guessed, and unreadable answers score 0",
        needed=True,
    ),
    Requirement(name="audience", question="Who reads the answer, and in which tone", why="the tone is left to chance"),
    Requirement(name="rules", question="What must it always do", why="the model cannot follow what only you know"),
    Requirement(name="limits", question="What must it never do", why="what is not forbidden will happen"),
    Requirement(
        name="borders",
        question="Which inputs are hard to decide, and what is right there",
        why="most errors lie at the border between two answers",
    ),
    Requirement(
        name="unknown",
        question="What should it say if it cannot know",
        why="otherwise it invents an answer",
    ),
)
_EMPTY_ANSWERS = frozenset({"", "-", "no", "none", "nothing", "n/a", "?"})


def is_answered(text: str) -> bool:
    return text.strip().strip(".").casefold() not in _EMPTY_ANSWERS


def open_requirements(answers: Mapping[str, str]) -> list[Requirement]:
    """The requirements without an answer, the needed ones first."""
    missing = [requirement for requirement in REQUIREMENTS if not is_answered(answers.get(requirement.name, ""))]
    return sorted(missing, key=lambda requirement: not requirement.needed)


def completeness(answers: Mapping[str, str]) -> float:
    """The share of answered requirements, the needed ones counted twice; in [0, 1]."""
    weights = {requirement.name: 1 + requirement.needed for requirement in REQUIREMENTS}
    return sum(weights[name] for name in weights if is_answered(answers.get(name, ""))) / sum(weights.values())


def describe_task(answers: Mapping[str, str]) -> str:
    """The task in a few sentences, for optimizer models and judges."""
    heads = {"input": "The input:", "output": "A good answer:", "audience": "It is read by:", "borders": "Hard cases:"}
    return " ".join(_answer_lines(answers, heads))


def draft_prompt(answers: Mapping[str, str]) -> str:
    """A start prompt from the answers only: the goal, then one line per answer."""
    heads = {
        "input": "You get:",
        "output": "Answer like this:",
        "audience": "The reader:",
        "rules": "Always:",
        "limits": "Never:",
        "borders": "In hard cases:",
        "unknown": "Where you cannot know:",
    }
    return "\n".join(_answer_lines(answers, heads))


def _answer_lines(answers: Mapping[str, str], heads: Mapping[str, str]) -> list[str]:
    """The goal, then each answer under its head."""
    lines = [_sentence(answers.get("goal", ""))]
    lines += [
        f"{head} {_sentence(answers[name])}" for name, head in heads.items() if is_answered(answers.get(name, ""))
    ]
    return [line for line in lines if line]


def _sentence(text: str) -> str:
    """One line that ends like a sentence. Braces are doubled, since a person does not mean a placeholder here."""
    plain = " ".join(text.split()).replace("{", "{{").replace("}", "}}")
    return plain if not plain or plain[-1] in ".!?:" else f"{plain}."
