"""The node where one operator works on one order; the round's orders run concurrently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...core.errors import BudgetSpent
from ...core.program import Program
from ...core.prompt import with_literals
from ...core.render import program_instruction_text, template_values
from ...core.search_types import NewExample, Proposal, Request, WorkOrder
from ..inputs.operator_request import build_request, for_prompt, restore_program
from ..run_context import RunContext
from ..run_team import writing_team
from ..state import Draft, ProposeState, RunState

# A rationale is for screens and reports; longer ones are replies that went on.
_RATIONALE_CHARACTERS = 2000
# A refused text is for screens; the dialogue holds it whole.
_REFUSED_CHARACTERS = 500


async def propose(context: RunContext, state: ProposeState) -> RunState:
    """Let the order's operator propose; its programs become drafts, its new examples wait for the screen."""
    order = WorkOrder.model_validate(state["order"])
    step, index = state["step"], state["place"]
    await emit_request_started(context, order, step, index)
    operator = context.config.operators[order.operator]
    request, team = operator_request(context, state), writing_team(context, state, order.allowance)
    if request.parents:
        team = replace(team, kind=request.parents[0].program.main.kind)
    try:
        outputs = await operator.propose(request, team)
    except BudgetSpent:
        return {"drafts": await store_drafts(context, [], order, step, index), "unpaid": [index]}
    proposals = [output for output in outputs if isinstance(output, Proposal)]
    examples = [
        {"order": index, **output.model_dump(mode="json")} for output in outputs if isinstance(output, NewExample)
    ]
    return {"drafts": await store_drafts(context, proposals, order, step, index), "rows": examples}


async def emit_request_started(context: RunContext, order: WorkOrder, step: int, index: int) -> None:
    await context.emit("request_started", step, f"{index}", operator=order.operator, parents=list(order.parents))


def operator_request(context: RunContext, state: ProposeState) -> Request:
    """What the operator receives; of a program with several prompts, only the order's prompt."""
    task = context.config.task
    stored_rules = context.store.rules(context.run, before_step=state["step"])
    request = build_request(
        WorkOrder.model_validate(state["order"]),
        archive=context.archive(state["step"]),
        examples=context.examples,
        train=task.data.train,
        val=[example.id for example in task.data.val],
        task=context.task_brief(),
        labels=context.config.labels,
        hints=state["hints"],
        rules=[
            *((rule.when, rule.advice) for rule in task.rules),
            *((rule.when, rule.advice) for rule in stored_rules),
        ],
        seed=context.config.seed,
        step=state["step"],
        index=state["place"],
        subtasks=task.subtasks,
        capable=context.config.has_capable_authors,
    )
    return for_prompt(request)


async def store_drafts(
    context: RunContext, proposals: Sequence[Proposal], order: WorkOrder, step: int, index: int
) -> list[Draft]:
    """Save the programs in the store; the state carries their ids. A refused proposal is an event with its reason."""
    for number, proposal in enumerate(proposal for proposal in proposals if proposal.refusal):
        text = proposal.text or program_instruction_text(proposal.program)
        await context.emit(
            "candidate_rejected",
            step,
            f"{index}/refused/{number}",
            operator=order.operator,
            parents=list(order.parents),
            reason=proposal.refusal,
            text=text[:_REFUSED_CHARACTERS],
        )
    proposals = [proposal for proposal in proposals if not proposal.refusal]
    if order.slot:
        proposals = restore_program(proposals, order.slot, context.archive(step)[order.parents[0]].program)
    proposals = [
        proposal.model_copy(update={"program": _with_literals(proposal.program, context)}) for proposal in proposals
    ]
    await context.store.save_programs([proposal.program for proposal in proposals])
    await context.emit("request_finished", step, f"{index}", operator=order.operator, proposals=len(proposals))
    return [
        {
            "order": index,
            "place": number,
            "program": proposal.program.id,
            "parents": list(proposal.parents if proposal.parents is not None else order.parents),
            "operator": order.operator,
            "rationale": proposal.rationale[:_RATIONALE_CHARACTERS],
        }
        for number, proposal in enumerate(proposals)
    ]


def _with_literals(program: Program, context: RunContext) -> Program:
    """The program in which names in braces that nothing provides are text, and no call asks an example for them."""
    task = context.config.task
    provided = {
        *(name for example in (task.data.val or task.data.train)[:1] for name in template_values(example)),
        *(name for prompt in task.program.prompts.values() for name in prompt.placeholders),
        *program.prompts,
        "input",
    }
    prompts = {name: with_literals(prompt, provided) for name, prompt in program.prompts.items()}
    return program if prompts == program.prompts else program.model_copy(update={"prompts": prompts})
