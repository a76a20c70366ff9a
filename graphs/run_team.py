"""The agents of a run: what each may read, how much it may write, and the record of what they said."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..agents.deadline import WritingDeadline
from ..agents.team import ModelTeam, instructed_limit, plain_evidence
from ..agents.turns import AgentTurn
from ..core.asks import ScoredPrompt
from ..core.search_types import ALL_PROMPTS
from ..runtime.models.profile import author_tokens, evidence_tokens
from ..runtime.store import DialogueTurn
from .run_context import RunContext
from .scored_history import scored_history
from .state import ProposeState

# Events are for screens: the first lines of a reply are enough there, the store has the whole.
_EVENT_TEXT = 2000


def run_team(context: RunContext, step: int, stream: str, allowance: int | None = None, *, slot: str = "") -> ModelTeam:
    """The agents for one subject. A question repeated within a stream is a new draw. slot: the prompt of a program
    that they work on."""
    config = context.config
    budget, by_instruction = config.options.budget, config.instructed_limits

    async def record_turn(turn: AgentTurn) -> None:
        await context.store.save_dialogue(
            context.run,
            DialogueTurn(
                step=step,
                place=turn.key,
                role=turn.role,
                skill=turn.skill,
                messages=turn.messages,
                raw=turn.raw,
                parsed=turn.reply.model_dump(mode="json") if turn.reply else None,
            ),
        )
        text = turn.raw[:_EVENT_TEXT]
        reason = {"reason": turn.reason} if turn.reason else {}
        await context.emit(turn.kind, step, turn.key, role=turn.role, skill=turn.skill, text=text, **reason)

    def earlier_prompts() -> tuple[ScoredPrompt, ...]:
        """The best ones with their scores, as of the step."""
        val = [example.id for example in context.config.task.data.val]
        return scored_history(context.archive(step), val, slot.removeprefix(ALL_PROMPTS))

    return ModelTeam(
        models=config.task.models,
        gateway=context.gateway,
        evidence=config.recipe.evidence,
        temperature=config.recipe.temperature,
        seed=config.seed,
        path=(step, stream),
        allowance=allowance,
        agents=config.agents,
        answer_limit=instructed_limit if by_instruction else partial(author_tokens, budget=budget),
        evidence_limit=plain_evidence if by_instruction else partial(evidence_tokens, budget=budget),
        aim=context.aim,
        tried=earlier_prompts,
        on_turn=record_turn,
    )


def writing_team(
    context: RunContext, state: ProposeState, allowance: int | None = None, *, first_skill: str = ""
) -> ModelTeam:
    """The team for one order, limited to the round's time for writing. Questions that follow from answers have half
    as long again. first_skill: of the order's first question, where an earlier team asked it."""
    team = run_team(context, state["step"], f"{state['place']}", allowance, slot=state["order"]["slot"])
    team = replace(team, aim="\n".join(line for line in (context.aim, _demo_note(context, state)) if line))
    age, until = state["seconds"], state["until"]
    if until is None:
        return team

    def expired(is_followup: bool) -> bool:
        return context.elapsed_seconds(state) >= (until + (until - age) / 2 if is_followup else until)

    deadline = WritingDeadline(slots=context.writing_slots, expired=expired)
    return replace(team, deadline=deadline, first_skill=first_skill)


def _demo_note(context: RunContext, state: ProposeState) -> str:
    """That the prompt which is worked on is sent with worked examples: its instruction alone does not show them."""
    order = state["order"]
    parents = [name for name in order["parents"] if name in context.archive(state["step"])]
    if not parents:
        return ""
    program = context.archive(state["step"])[parents[0]].program
    demos = program.prompts.get(order["slot"], program.main).demos
    if not demos:
        return ""
    count = "a worked example" if len(demos) == 1 else f"{len(demos)} worked examples"
    return f"- Beside the prompt: it is sent with {count}, inputs with their right answers, which stay as they are."
