"""A prompt's branches as a tree that is numbered, grown and cut: `2.1` is the first branch under the second."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...core.prompt import Branch, Prompt
from ...core.render import instruction_text

BranchPosition = tuple[int, ...]

_START = re.compile(
    r"\W*(?:(?:new|breadth|depth|under|branch)\b\W*)*(?P<number>\d+(?:\.\d+)*)?\W*(?P<rest>.+)\Z",
    re.IGNORECASE | re.DOTALL,
)
_IF = re.compile(r"(?:if|when|whenever|where|for)\b\s*(?P<body>.+)\Z", re.IGNORECASE | re.DOTALL)
_THEN = re.compile(r"\s*(?:[:;](?=\s)|,?\s*\bthen\b:?)\s*", re.IGNORECASE)
_LONGEST = 60


@dataclass(frozen=True)
class BranchRevision:
    """One branch as an author wrote it. under: the number it names, empty for a new one. when: empty where the
    branch of that number shall only say something else."""

    under: str
    when: str
    then: str


def number_branches(branches: Sequence[Branch], above: BranchPosition = ()) -> Iterator[tuple[BranchPosition, Branch]]:
    """All branches with their places, counted from 1, parents before children."""
    for number, branch in enumerate(branches, 1):
        place = (*above, number)
        yield place, branch
        yield from number_branches(branch.branches, place)


def render_branches(prompt: Prompt) -> str:
    """The branches as an agent sees them; says so where there is none."""
    lines = [f"{format_position(place)}. If {one.when}: {one.then}" for place, one in number_branches(prompt.branches)]
    return "\n".join(lines) or "none yet"


def without_all_branches(prompt: Prompt) -> str:
    """What is asked of every input: the prompt without its branches."""
    return instruction_text(prompt.with_(branches=()))


def format_position(place: BranchPosition) -> str:
    return ".".join(map(str, place))


def read_revision(text: str) -> BranchRevision | None:
    """`NEW: If …: …`, `2: If …: …`, `2: …`; None where condition or consequence is missing or the form was copied."""
    text = " ".join(text.split())
    start = _START.match(text)
    if start is None:
        return None
    under, rest = start["number"] or "", start["rest"]
    condition = _IF.match(rest)
    if condition is None:
        return BranchRevision(under, "", rest) if under and _is_own_wording(rest) else None
    when, then = (_lower_if_shouting(half) for half in _split_condition(condition["body"]))
    return BranchRevision(under, when, then) if _is_own_wording(when) and _is_own_wording(then) else None


def apply_revision(branches: Sequence[Branch], revision: BranchRevision) -> tuple[Branch, ...] | None:
    """The tree with the revision in it: depth under the branch it names, breadth where it names none that is there.
    None where it would change nothing."""
    places = {format_position(place): (place, branch) for place, branch in number_branches(branches)}
    place, branch = places.get(revision.under, ((), None))
    if branch is None:
        if not revision.when or any(_same_words(one.when, revision.when) for one in branches):
            return None
        return (*branches, Branch(when=revision.when, then=revision.then))
    if not revision.when or _same_words(revision.when, branch.when):
        changed = branch.model_copy(update={"then": revision.then})
    elif any(_same_words(one.when, revision.when) for one in branch.branches):
        return None
    else:
        below = (*branch.branches, Branch(when=revision.when, then=revision.then))
        changed = branch.model_copy(update={"branches": below})
    return _replace_branch(branches, place, changed) if changed != branch else None


def remove_branch(branches: Sequence[Branch], place: BranchPosition) -> tuple[Branch, ...]:
    """The tree without one branch and what stands under it."""
    return _replace_branch(branches, place, None)


def _replace_branch(branches: Sequence[Branch], place: BranchPosition, new: Branch | None) -> tuple[Branch, ...]:
    first, *rest = place
    kept: list[Branch] = []
    for number, branch in enumerate(branches, 1):
        if number != first:
            kept.append(branch)
        elif rest:
            below = _replace_branch(branch.branches, tuple(rest), new)
            kept.append(branch.model_copy(update={"branches": below}))
        elif new is not None:
            kept.append(new)
    return tuple(kept)


def _split_condition(body: str) -> tuple[str, str]:
    """Condition and consequence, at the first colon or `then` outside quotes; else at the first comma."""
    hidden = re.sub(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|“[^”]*”|`[^`]*`", lambda found: "_" * len(found[0]), body)
    mark = _THEN.search(hidden) or re.search(r"\s*,\s*", hidden)
    if mark is None:
        return "", ""
    return body[: mark.start()].strip(" ,"), body[mark.end() :].strip()


def _is_own_wording(text: str) -> bool:
    """Whether it is words of its own, of a bearable length, and not the form that was shown."""
    words = re.findall(r"\w+", text)
    return 0 < len(words) <= _LONGEST and "..." not in text and "…" not in text


def _lower_if_shouting(text: str) -> str:
    """What is shouted is said: weak authors take capitals for a part of the form."""
    return text.lower() if text.isupper() and len(text.split()) > 1 else text


def _same_words(one: str, other: str) -> bool:
    return re.findall(r"\w+", one.casefold()) == re.findall(r"\w+", other.casefold())
