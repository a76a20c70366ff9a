"""The target's first answers of a run: a model that says nothing ends the run before much is spent."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.errors import ModelError
from ...core.models import Reply
from ...runtime.models.profile import profile_of
from ..run_context import RunContext
from .failures import is_example_failure

# One empty answer may be an example's; the first three in a row are the model's.
_FIRST_ANSWERS = 3
# Targets whose calls all go through the gateway, where an answer is paid once.
_TRIED_TARGETS = frozenset({"chat", "pipeline"})


async def check_first_answers(context: RunContext, candidate: Candidate, rows: Sequence[Example]) -> None:
    """Raises ModelError where the target's first answers say nothing: empty, or each cut at its limit.

    The calls are those that the run makes next anyway, so that they cost nothing. One after the other, they also teach
    what the model refuses before many are sent at once.
    """
    config, task = context.config, context.config.task
    if task.target.use not in _TRIED_TARGETS or config.loss is not None:
        return
    model, cut = task.models.target, False
    for row in rows[:_FIRST_ANSWERS]:
        try:
            output = await config.target.run(candidate.program, row, model, context.gateway)
        except Exception as error:
            if not is_example_failure(error):
                raise
            return  # measuring tries the example again, and counts the failure
        reply = output.replies[0] if output.replies else Reply(text=output.text)
        if reply.finish == "content_filter" or (reply.finish == "length" and not reply.completion_tokens):
            return  # the provider refused this example: that says nothing of the model
        cut = reply.finish == "length"
        if reply.tool_calls:
            return
        if reply.text.strip() and (
            not cut or profile_of(model).small or task.answer_of(row).read_answer(output.text) is not None
        ):
            return
    if not rows:
        return
    limit = config.target_options.get("max_tokens", task.answer_tokens)
    thought = " while it was still thinking" if reply.reasoning else ""
    what = f"was cut at {limit:,} tokens{thought}" if cut else "was empty"
    remedy = f"set --model-option target.max_output_tokens={max(4096, 4 * limit)}" if cut else "try another model"
    raise ModelError(
        f"the answer of {model.id} {what}, {min(len(rows), _FIRST_ANSWERS)} times",
        where=f"model {model}",
        remedy=f"{remedy}; `maieutic models test {model}` shows what it answers",
    )
