"""Guards: what no candidate may do, whoever proposed it. Each rejection has a reason that a person can read."""

from __future__ import annotations

from ..agents.instruction_leaks import leaked_instruction
from ..core.candidate import Archive
from ..core.errors import UsageError
from ..core.program import Program
from ..core.prompt import Prompt
from ..core.render import instruction_text, messages_as_text, placeholder_example, render
from ..core.task import Task
from ..core.words import (
    CHARACTERS_PER_TOKEN,
    UNSPACED_CHARACTERS_PER_WORD,
    count_unspaced,
    count_words,
    estimate_tokens,
    word_units,
)
from ..plugins.algorithms.playbook import playbook_of
from .text_guards import structure_lost

DUPLICATE = "duplicate of an earlier candidate"
# The bound of an instruction where the task sets none: longer than any published prompt of a search.
DEFAULT_MAX_PROMPT_TOKENS = 4000
# A playbook or a file is longer than a prompt: published playbooks grow to some ten thousand tokens.
DEFAULT_MAX_TEXT_TOKENS = 16_000
_TEXT_GROWTH = 2
# Twelve words in a row are a quotation; fewer may be the task's own phrases.
_COPIED_WORDS = 12
# An input of fewer words says what any prompt may say: a name, a label, a number.
_MIN_INPUT_WORDS = 4


def rejection_reason(program: Program, task: Task, archive: Archive) -> str:
    """Why a program may not become a candidate, or an empty string.

    Placeholders have to stay; the prompt keeps to the token limit; no training text in the instruction (worked examples
    are declared and may have it); no instruction of an agent leaked into it; not empty; no duplicate.
    """
    for name, prompt in program.prompts.items():
        if broken := _broken_template(prompt):
            return broken
        baseline = _baseline_prompt(program, name, task)
        if baseline and (lost := set(baseline.placeholders) - set(prompt.placeholders)):
            return f"it lost the placeholder {', '.join(f'{{{field}}}' for field in sorted(lost))}"
        text = f"{prompt.system}\n{instruction_text(prompt)}".strip()
        if not text and not prompt.demos and prompt != baseline:
            return "the prompt is empty"
        if baseline and (lost_structure := structure_lost(baseline, prompt)):
            return lost_structure
        if prompt.kind == "prose" and (leak := leaked_instruction(text)):
            return f"an agent's own instruction leaked into it: {leak[:80]!r}"
        baseline_text = f"{baseline.system}\n{instruction_text(baseline)}" if baseline else ""
        if copied := _copied_text(text, baseline_text, task):
            return f"it copies an example into the instruction: {copied[:80]!r}"
    limit, size = _length_limit(program, task)
    if size > limit:
        return f"it is too long: about {size} tokens, more than {limit}"
    if candidate_id(program) in archive:
        return DUPLICATE
    return ""


def _broken_template(prompt: Prompt) -> str:
    """Why a Jinja template cannot be rendered; empty where it can."""
    if prompt.template != "jinja":
        return ""
    try:
        render(prompt, placeholder_example(prompt))
    except UsageError as error:
        return f"it is no valid template: {error.what}"
    return ""


def _length_limit(program: Program, task: Task) -> tuple[int, int]:
    """The limit in tokens, and what counts against it.

    A limit of the task counts worked examples too. The default one is for what models write, so that it leaves
    examples alone, and a start prompt that is longer may stay as long.
    """
    limit = task.constraints.max_prompt_tokens
    if limit is not None:
        return limit, prompt_tokens(program, task)
    start = max(map(_written_tokens, task.program.prompts.values()))
    if any(prompt.kind != "prose" or playbook_of(prompt) for prompt in program.prompts.values()):
        start = max(start * _TEXT_GROWTH, DEFAULT_MAX_TEXT_TOKENS)
    return max(DEFAULT_MAX_PROMPT_TOKENS, start), max(map(_written_tokens, program.prompts.values()))


def _written_tokens(prompt: Prompt) -> int:
    return estimate_tokens(f"{prompt.system}\n{instruction_text(prompt)}")


def _baseline_prompt(program: Program, name: str, task: Task) -> Prompt | None:
    """The baseline's prompt of that name. Prompts that a router or a vote has in place of a task's only prompt are
    compared with that one, whatever their names; the steps of a chain prepare its answer, and have none."""
    alone = len(task.program.prompts) == 1 and program.router is not None and not program.chain
    return task.program.prompts.get(name) or (task.program.main if alone else None)


def prompt_tokens(program: Program, task: Task) -> int:
    """Estimated tokens of the longest prompt around a typical input, without the input."""
    example = task.data.val[0]
    texts = [messages_as_text(render(prompt, example)) for prompt in program.prompts.values()]
    longest = max(texts, key=estimate_tokens)
    unspaced = count_unspaced(longest) - count_unspaced(example.text)
    return unspaced + (len(longest) - len(example.text) - unspaced) // CHARACTERS_PER_TOKEN


def candidate_id(program: Program) -> str:
    """The same program is the same candidate."""
    return f"c-{program.id[2:]}"


def _copied_text(text: str, baseline: str, task: Task) -> str:
    """A run of words of some example's input that stands in the text, but not in the baseline.

    A short input counts as a whole from four words on; of a long one, twelve words in a row do. Of scripts without
    spaces, two characters count as a word.
    """
    words_of_text, words_of_baseline = (f" {' '.join(word_units(part))} " for part in (text, baseline))
    for example in (*task.data.train, *task.data.val):
        words = word_units(example.text)
        if count_words(example.text) < _MIN_INPUT_WORDS:
            continue
        unspaced = 2 * count_unspaced(example.text) > len(words)
        size = min(len(words), _COPIED_WORDS * (UNSPACED_CHARACTERS_PER_WORD if unspaced else 1))
        for start in range(len(words) - size + 1):
            piece = f" {' '.join(words[start : start + size])} "
            if piece in words_of_text and piece not in words_of_baseline:
                return piece.strip()
    return ""
