"""Guards: what no candidate may do, whoever proposed it. Each refusal has a reason that a person can read."""

from __future__ import annotations

from ..agents.instruction_leaks import leaked_instruction
from ..core.candidate import Archive
from ..core.program import Program
from ..core.prompt import Prompt
from ..core.render import instruction_text, messages_as_text, render
from ..core.task import Task

_COPIED_WORDS = 12
_CHARACTERS_PER_TOKEN = 4


def rejection_reason(program: Program, task: Task, archive: Archive) -> str:
    """Why a program may not enter the race, or an empty string.

    Placeholders kept, token ceiling, no training text in the instruction (demos are declared and may), no instruction
    of an agent leaked into it, not empty, not tried before.
    """
    for name, prompt in program.prompts.items():
        original = _baseline_prompt(program, name, task)
        if original and (lost := set(original.placeholders) - set(prompt.placeholders)):
            return f"it lost the placeholder {', '.join(f'{{{one}}}' for one in sorted(lost))}"
        asked = f"{prompt.system}\n{instruction_text(prompt)}".strip()
        if not asked and not prompt.demos and prompt != original:
            return "it says nothing"
        if leak := leaked_instruction(asked):
            return f"an agent's own instruction leaked into it: {leak[:80]!r}"
        if copied := _copied_text(asked, f"{original.system}\n{instruction_text(original)}" if original else "", task):
            return f"it copies a row into the instruction: {copied[:80]!r}"
    ceiling = task.constraints.max_prompt_tokens
    if ceiling is not None and (size := prompt_tokens(program, task)) > ceiling:
        return f"it has about {size} tokens, more than {ceiling}"
    if candidate_id(program) in archive:
        return "it was tried before"
    return ""


def _baseline_prompt(program: Program, name: str, task: Task) -> Prompt | None:
    """The start's prompt of that name. What a router or a vote puts in the place of a task's one prompt stands for it,
    under whatever name; the steps of a chain prepare its answer, and have none."""
    alone = len(task.program.prompts) == 1 and program.router is not None and not program.chain
    return task.program.prompts.get(name) or (task.program.main if alone else None)


def prompt_tokens(program: Program, task: Task) -> int:
    """Estimated tokens of the longest prompt around a typical input, the input left out."""
    example = task.data.val[0]
    sizes = []
    for prompt in program.prompts.values():
        sizes.append(len(messages_as_text(render(prompt, example))) - len(example.text))
    return max(sizes) // _CHARACTERS_PER_TOKEN


def candidate_id(program: Program) -> str:
    """The same program is the same candidate."""
    return f"c-{program.id[2:]}"


def _copied_text(text: str, original: str, task: Task) -> str:
    """A run of words of some row's input that stands in the text, but not in the start prompt.

    Short rows count as a whole from four words on; of long ones, twelve words in a row do.
    """
    said, before = _words(text), _words(original)
    joined, known = f" {' '.join(said)} ", f" {' '.join(before)} "
    for example in (*task.data.train, *task.data.val):
        words = _words(example.text)
        if len(words) < 4:
            continue
        size = min(len(words), _COPIED_WORDS)
        for start in range(len(words) - size + 1):
            piece = f" {' '.join(words[start : start + size])} "
            if piece in joined and piece not in known:
                return piece.strip()
    return ""


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text.casefold()).split()
