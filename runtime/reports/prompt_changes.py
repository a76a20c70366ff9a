"""Two programs compared block by block, on words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ...core.program import Program
from ...core.prompt import Format, Prompt
from ...core.render import branch_text
from ...core.word_diff import changed_words, word_diff
from .document import PromptChange

_WHOLE, _LAYOUT = "prompt", "layout"
_MAX_LINES = 3
_MAX_RATIONALE = 240  # characters


def compare_texts(start: str, best: str, name: str = _WHOLE) -> PromptChange:
    """One text before and after."""
    runs = word_diff(start, best)
    removed, added = changed_words(runs)
    return PromptChange(name=name, runs=runs, removed=removed, added=added)


def compare_programs(start: Program, best: Program) -> tuple[PromptChange, ...]:
    """Every block that one of the two programs has; of several prompts under the prompt's name."""
    changes = []
    names = list(dict.fromkeys([*start.prompts, *best.prompts]))
    for name in names:
        before, after = (prompt_blocks(program.prompts.get(name)) for program in (start, best))
        for block in dict.fromkeys([*before, *after]):
            label = block if len(names) == 1 else f"{name}: {block}"
            changes.append(compare_texts(before.get(block, ""), after.get(block, ""), label))
    if start.router != best.router:
        before_router, after_router = (str(program.router or "") for program in (start, best))
        changes.append(compare_texts(before_router, after_router, "which prompt answers"))
    return tuple(changes)


def prompt_blocks(prompt: Prompt | None) -> dict[str, str]:
    """A prompt's parts by name, in the order in which they are sent; empty ones are left out."""
    if prompt is None:
        return {}
    blocks = {"system": prompt.system, "instruction": prompt.instruction}
    blocks |= {f"section {section.name}": section.text for section in prompt.sections}
    blocks["principles"] = "\n".join(f"- {principle}" for principle in prompt.principles)
    blocks["branches"] = "\n".join(f"- {branch_text(branch)}" for branch in prompt.branches)
    blocks["answer hint"] = prompt.format.answer_hint
    for number, demo in enumerate(prompt.demos, 1):
        lines = [demo.input, *([demo.rationale] if demo.rationale else []), f"→ {demo.output}"]
        blocks[f"example {number}"] = "\n".join(lines)
    blocks[_LAYOUT] = _layout_text(prompt.format)
    return {name: text for name, text in blocks.items() if text}


def change_lines(changes: tuple[PromptChange, ...], words: tuple[int, int], operator: str, rationale: str) -> list[str]:
    """What changed, in at most three lines: the length, the blocks, and who proposed it and why.

    Args:
        changes: The blocks before and after.
        words: The lengths of both prompts in words.
        operator: Who proposed the winner; empty if that is not known.
        rationale: Why; may be empty.
    """
    changed = [change for change in changes if change.is_changed]
    if not changed:
        return ["Nothing: the best prompt is the one that the run started with."]
    gone = sum(change.removed for change in changed if change.name != _LAYOUT)
    removal = "none removed" if not gone else f"{gone} {'word' if gone == 1 else 'words'} of the start removed"
    lines = [f"{words[0]} → {words[1]} words; {removal}."]
    if [change.name for change in changes] != [_WHOLE]:
        lines.append(f"Changed: {', '.join(_block_names(changed))}.")
    if operator:
        reason = " ".join(rationale.split())
        short = reason if len(reason) <= _MAX_RATIONALE else f"{reason[: _MAX_RATIONALE - 1]}…"
        lines.append(f"Proposed by {operator}" + (f": {short}" if short else "."))
    return lines[:_MAX_LINES]


def _block_names(changes: Sequence[PromptChange]) -> list[str]:
    """The blocks with what happened to them, examples counted."""
    counts: Counter[tuple[str, str]] = Counter()
    for change in changes:
        counts[re.sub(r"example \d+$", "example", change.name), _note(change)] += 1
    return [f"{name if count == 1 else f'{count} {name}s'}{note}" for (name, note), count in counts.items()]


def _note(change: PromptChange) -> str:
    kinds = {run.kind for run in change.runs}
    return " (new)" if kinds == {"added"} else " (removed)" if kinds == {"removed"} else ""


def _layout_text(style: Format) -> str:
    """The properties of the layout that differ from the default, one a line; the hint is a block of its own."""
    default = Format()
    names = [name for name in Format.model_fields if name != "answer_hint"]
    lines = [f"{name}: {value!r}" for name in names if (value := getattr(style, name)) != getattr(default, name)]
    return "\n".join(lines)
