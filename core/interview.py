"""The questions that elicit what a prompt has to say, and what of it a description leaves open (Promptor; ROPE).

Fixed, so that an interview works without any model; a model may ask further and find gaps in what was answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One thing that whoever answers has to know. why: told where it was left open."""

    name: str
    question: str
    why: str
    needed: bool = False


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        name="goal",
        question="What should the model do, in a sentence",
        why="without a goal nothing can be called better",
        needed=True,
    ),
    Requirement(name="input", question="What does it get: what is one input like", why="unusual inputs go wrong first"),
    Requirement(
        name="output",
        question="What is a good answer: its form, its length, the allowed labels",
        why="a form that is not said is guessed, and unreadable answers score nothing",
        needed=True,
    ),
    Requirement(name="audience", question="Who reads the answer, and in which tone", why="the tone is left to chance"),
    Requirement(name="rules", question="What must it always do", why="what is only known to you cannot be followed"),
    Requirement(name="limits", question="What must it never do", why="what is not forbidden will happen"),
    Requirement(
        name="borders",
        question="Which inputs are hard to decide, and what is right there",
        why="most errors lie at the border between two answers",
    ),
    Requirement(
        name="unknown",
        question="What should it say where it cannot know",
        why="otherwise it makes an answer up",
    ),
)
_EMPTY_ANSWERS = frozenset({"", "-", "no", "none", "nothing", "n/a", "?"})


def is_answered(text: str) -> bool:
    return text.strip().strip(".").casefold() not in _EMPTY_ANSWERS


def open_requirements(answers: Mapping[str, str]) -> list[Requirement]:
    """What was left open, the needed ones first."""
    left = [one for one in REQUIREMENTS if not is_answered(answers.get(one.name, ""))]
    return sorted(left, key=lambda one: not one.needed)


def completeness(answers: Mapping[str, str]) -> float:
    """The share of what is told, the needed ones counted twice; in [0, 1]."""
    weights = {one.name: 1 + one.needed for one in REQUIREMENTS}
    return sum(weights[name] for name in weights if is_answered(answers.get(name, ""))) / sum(weights.values())


def describe_task(answers: Mapping[str, str]) -> str:
    """The task in a few sentences, for those who write prompts and judge outputs."""
    heads = {"input": "The input:", "output": "A good answer:", "audience": "It is read by:", "borders": "Hard cases:"}
    return " ".join(_answer_lines(answers, heads))


def draft_prompt(answers: Mapping[str, str]) -> str:
    """A start prompt from the answers alone: the goal, then what holds, one line each."""
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
    """The goal, then what was answered, each under its head."""
    said = [_sentence(answers.get("goal", ""))]
    said += [f"{head} {_sentence(answers[name])}" for name, head in heads.items() if is_answered(answers.get(name, ""))]
    return [one for one in said if one]


def _sentence(text: str) -> str:
    """One line that ends like a sentence; braces are doubled, for nobody means a placeholder here."""
    plain = " ".join(text.split()).replace("{", "{{").replace("}", "}}")
    return plain if not plain or plain[-1] in ".!?:" else f"{plain}."
