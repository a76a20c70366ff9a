"""A prompt's branches as a numbered tree to grow and cut: `2.1` is the first branch under the second."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...core.prompt import Branch, Prompt
from ...core.render import OTHER_CONDITION, branch_text, instruction_text
from ...core.words import count_words

BranchPosition = tuple[int, ...]
_START = re.compile(
    r"\W*(?:(?:(?:new|breadth|depth|under|branch)(?![a-z])|新增|新規|新分支|追加)\W*)*(?P<number>\d+(?:\.\d+)*)?\W*(?P<rest>.+)\Z",
    re.IGNORECASE | re.DOTALL,
)
_IF = re.compile(r"(?:if|when|whenever|where|for)\b\s*(?P<body>.+)\Z", re.IGNORECASE | re.DOTALL)
_THEN = re.compile(
    r"\s*(?:[:;](?=\s)|[：；]|[,，]?\s*(?:\bthen\b|则|則|那么|那麼|就):?)\s*|(?<=時|时)[,，、]?|(?<=場合|とき|たら|なら|れば)は?[,，、]",
    re.IGNORECASE,
)
# In Japanese a condition ends with its word, as in 「…場合は、…」.
_JAPANESE_CONDITION = re.compile(r"[^。]*?(?:場合|とき|時|たら|なら|れば)(?:には|は|ば)?[、,：:]")
_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|“[^”]*”|「[^」]*」|『[^』]*』|«[^»]*»|`[^`]*`")
# A short half with an ellipsis is the form that was shown.
_MAX_FORM_WORDS = 5


@dataclass(frozen=True)
class BranchRevision:
    """One branch as a model wrote it. under: the number it names, or empty. when: empty if only the text changes."""

    under: str
    when: str
    then: str


def number_branches(branches: Sequence[Branch], above: BranchPosition = ()) -> Iterator[tuple[BranchPosition, Branch]]:
    """All branches with their positions, counted from 1, parents before children."""
    for number, branch in enumerate(branches, 1):
        position = (*above, number)
        yield position, branch
        yield from number_branches(branch.branches, position)


def render_branches(prompt: Prompt) -> str:
    """The branches as an agent sees them."""
    lines = [
        f"{format_position(position)}. {branch_text(branch)}" for position, branch in number_branches(prompt.branches)
    ]
    return "\n".join(lines) or "none yet"


def without_all_branches(prompt: Prompt) -> str:
    """The part of the prompt that applies to every input."""
    return instruction_text(prompt.with_(branches=()))


def format_position(position: BranchPosition) -> str:
    """A position as text, such as `2.1`."""
    return ".".join(map(str, position))


def read_revision(text: str) -> BranchRevision | None:
    """Parse `NEW: If …: …`, `2: If …: …` or `2: …`; None if a part is missing or the form was copied."""
    text = " ".join(text.split())
    start = _START.match(text)
    if start is None:
        return None
    under, rest = start["number"] or "", start["rest"]
    english = _IF.match(rest)
    if english is None and not (OTHER_CONDITION.match(rest) or _JAPANESE_CONDITION.match(rest)):
        return BranchRevision(under, "", rest) if under and _is_own_wording(rest) else None
    # A condition in another language keeps its first word: the prompt goes on in that language.
    when, then = (_lower_if_shouting(half) for half in _split_condition(english["body"] if english else rest))
    return BranchRevision(under, when, then) if _is_own_wording(when) and _is_own_wording(then) else None


def apply_revision(branches: Sequence[Branch], revision: BranchRevision) -> tuple[Branch, ...] | None:
    """The tree with the revision: below the branch it names (depth), else as a new branch (breadth).

    None if it would change nothing.
    """
    by_position = {format_position(position): (position, branch) for position, branch in number_branches(branches)}
    position, branch = by_position.get(revision.under, ((), None))
    if branch is None:
        if not revision.when or any(_same_words(sibling.when, revision.when) for sibling in branches):
            return None
        return (*branches, Branch(when=revision.when, then=revision.then))
    if not revision.when or _same_words(revision.when, branch.when):
        changed = branch.model_copy(update={"then": revision.then})
    elif any(_same_words(sibling.when, revision.when) for sibling in branch.branches):
        return None
    else:
        below = (*branch.branches, Branch(when=revision.when, then=revision.then))
        changed = branch.model_copy(update={"branches": below})
    return _replace_branch(branches, position, changed) if changed != branch else None


def remove_branch(branches: Sequence[Branch], position: BranchPosition) -> tuple[Branch, ...]:
    """The tree without one branch and its subtree."""
    return _replace_branch(branches, position, None)


def _replace_branch(branches: Sequence[Branch], position: BranchPosition, new: Branch | None) -> tuple[Branch, ...]:
    first, *rest = position
    result: list[Branch] = []
    for number, branch in enumerate(branches, 1):
        if number != first:
            result.append(branch)
        elif rest:
            below = _replace_branch(branch.branches, tuple(rest), new)
            result.append(branch.model_copy(update={"branches": below}))
        elif new is not None:
            result.append(new)
    return tuple(result)


def _split_condition(body: str) -> tuple[str, str]:
    """Condition and consequence, split at the first colon or `then` outside quotes, else at the first comma."""
    hidden = _QUOTED.sub(lambda match: "_" * len(match[0]), body)
    mark = _THEN.search(hidden) or re.search(r"\s*[,，、]\s*", hidden)
    if mark is None:
        return "", ""
    return body[: mark.start()].strip(" ,，、"), body[mark.end() :].strip()


def _is_own_wording(text: str) -> bool:
    """Whether the text has words and is not the form that was shown."""
    words = count_words(text)
    return words > _MAX_FORM_WORDS or (words > 0 and "..." not in text and "…" not in text)


def _lower_if_shouting(text: str) -> str:
    """Weak models take capitals for a part of the form."""
    return text.lower() if text.isupper() and len(text.split()) > 1 else text


def _same_words(first: str, second: str) -> bool:
    return re.findall(r"\w+", first.casefold()) == re.findall(r"\w+", second.casefold())
