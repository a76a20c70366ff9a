"""Every directive that a person can give. Keys, palette, help, the command line and MCP read this list.

A new directive is a class in `core/directives.py`, an entry here, and its effect in `graphs/directives/apply.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ...core import directives
from ...core.budget import Budget
from ...core.error_messages import did_you_mean
from ...core.errors import UsageError
from ...core.models import ROLES, ModelRef
from ..monitor.run_view import RunView
from . import preview
from .lookup import DirectiveLookup, prompt_of, replace_wording
from .parser import parse_input
from .spec import (
    CANDIDATE_ARGUMENT,
    Arguments,
    DirectiveArgument,
    DirectiveSpec,
    choice_argument,
    number_argument,
    text_argument,
)

_LIMITS = ("calls", "target_calls", "tokens", "usd", "minutes")


def _cannot_pause(view: RunView, alive: bool) -> str | None:
    if view.state == "paused":
        return "the run is paused already"
    return None if alive else "no process carries the run; resume it first"


def _cannot_resume(view: RunView, alive: bool) -> str | None:
    if not alive:
        return "no process carries the run; resume it first"
    return None if view.state == "paused" else "the run is not paused"


def _cannot_fork(view: RunView, alive: bool) -> str | None:
    return None if view.candidates or view.start else "there is no candidate to start from yet"


def _cannot_revive(view: RunView, alive: bool) -> str | None:
    if view.state == "finished":
        return "the run is finished; fork one of its candidates to continue"
    return "a process carries the run already" if alive else None


def _build_pin(lookup: DirectiveLookup, arguments: Arguments) -> directives.Directive:
    return directives.Pin(candidate=lookup.candidate(arguments["candidate"]).id)


def _build_veto(lookup: DirectiveLookup, arguments: Arguments) -> directives.Directive:
    candidate = lookup.candidate(arguments["candidate"]).id
    return directives.Veto(candidate=candidate, branch=arguments.get("branch", False))


def _build_edit(lookup: DirectiveLookup, arguments: Arguments) -> directives.Directive:
    candidate, slot = lookup.candidate(arguments["candidate"]), arguments.get("slot", "")
    prompt = replace_wording(prompt_of(candidate, slot), arguments["text"])
    return directives.Edit(candidate=candidate.id, prompt=prompt, slot=slot)


def _build_prefer(lookup: DirectiveLookup, arguments: Arguments) -> directives.Directive:
    example = lookup.example(arguments["example"]) if "example" in arguments else None
    a, b = (lookup.candidate(arguments[side]).id for side in ("a", "b"))
    if a == b:
        raise UsageError("a duel needs two candidates", where="prefer", remedy="name another one")
    return directives.Prefer(a=a, b=b, example=example, margin=arguments.get("margin", 1.0))


def _build_annotate(lookup: DirectiveLookup, arguments: Arguments) -> directives.Directive:
    return directives.Annotate(example=lookup.example(arguments["example"]), output=arguments["output"])


def _build_add_example(lookup: DirectiveLookup, arguments: Arguments) -> directives.Directive:
    return directives.AddExample(**{**arguments, "input": parse_input(arguments["input"])})


def _build_budget(lookup: DirectiveLookup, arguments: Arguments) -> directives.Directive:
    if not set(arguments) & set(_LIMITS):
        raise UsageError("no limit was given", where="budget", possible=_LIMITS)
    current = Budget.model_validate_json(lookup.store.run(lookup.run).budget_json)
    budget = Budget.model_validate({**current.model_dump(), **arguments})
    budget.check()
    return directives.ChangeBudget(budget=budget)


def _build_roles(lookup: DirectiveLookup, arguments: Arguments) -> directives.Directive:
    return directives.ChangeRole(role=arguments["role"], model=ModelRef.parse(arguments["model"]))


DIRECTIVE_SPECS: tuple[DirectiveSpec, ...] = (
    DirectiveSpec(
        name="pause",
        title="Pause",
        key="p",
        help="Finish calls in flight and make no new ones.",
        preview="Calls in flight finish. No new call is made until you resume.",
        unavailable=_cannot_pause,
    ),
    DirectiveSpec(
        name="resume",
        title="Resume",
        key="r",
        help="Continue a paused run.",
        preview="The run continues where it paused.",
        unavailable=_cannot_resume,
    ),
    DirectiveSpec(
        name="stop",
        title="Stop and report",
        key="s",
        help="End the search and report on the best candidate so far.",
        arguments=(choice_argument("report", "yes", "no", help="run the held-out test and report on the best so far"),),
        preview=preview.stop,
    ),
    DirectiveSpec(
        name="pin",
        title="Pin",
        key="i",
        help="Keep this candidate regardless of its scores.",
        arguments=(CANDIDATE_ARGUMENT,),
        preview=preview.pin,
        build=_build_pin,
    ),
    DirectiveSpec(
        name="veto",
        title="Veto",
        key="v",
        help="Exclude this candidate; with branch, all its descendants too.",
        arguments=(CANDIDATE_ARGUMENT, choice_argument("branch", "no", "yes", help="exclude all its descendants too")),
        preview=preview.veto,
        build=_build_veto,
    ),
    DirectiveSpec(
        name="edit",
        title="Edit a prompt",
        key="e",
        help="Add your own wording as a new candidate, compared like any other.",
        arguments=(
            CANDIDATE_ARGUMENT,
            text_argument("text", "the new text of the prompt", multiline=True),
            text_argument("slot", "which prompt, where the program has several", required=False),
        ),
        preview=preview.edit,
        build=_build_edit,
    ),
    DirectiveSpec(
        name="hint",
        title="Hint",
        key="h",
        help="Tell the optimizer models what to mind from now on.",
        arguments=(text_argument("text", "what optimizer models should mind"),),
        preview=preview.hint,
    ),
    DirectiveSpec(
        name="rule",
        title="Rule",
        key="u",
        help="Give the optimizer models advice for one kind of input.",
        arguments=(text_argument("when", "which inputs it applies to"), text_argument("advice", "what to do there")),
        preview=preview.rule,
    ),
    DirectiveSpec(
        name="prefer",
        title="Prefer",
        key="d",
        help="Judge a pair of candidates; strategies that learn from duels use it.",
        arguments=(
            DirectiveArgument(name="a", kind="candidate", help="one candidate"),
            DirectiveArgument(name="b", kind="candidate", help="the other"),
            DirectiveArgument(name="example", kind="example", required=False, help="the example they were compared on"),
            number_argument("margin", "from 1, a is far better, to -1, b is"),
        ),
        preview=preview.prefer,
        build=_build_prefer,
        unavailable=lambda view, alive: None if view.candidates else "there is only one candidate yet",
    ),
    DirectiveSpec(
        name="annotate",
        title="Annotate an example",
        key="a",
        help="Correct a reference answer. Outputs are scored again, without calls.",
        arguments=(
            DirectiveArgument(name="example", kind="example", help="a train or val example"),
            text_argument("output", "the reference answer"),
        ),
        preview=preview.annotate,
        build=_build_annotate,
    ),
    DirectiveSpec(
        name="add-example",
        title="Add an example",
        key="x",
        help="Add a boundary case; on val, active candidates run on it first.",
        arguments=(
            text_argument("input", "the input; a JSON object where examples have fields", multiline=True),
            text_argument("output", "the reference answer"),
            choice_argument("split", "val", "train", help="val ranks candidates, train shows failures to optimizers"),
        ),
        preview=preview.add_example,
        build=_build_add_example,
    ),
    DirectiveSpec(
        name="approve",
        title="Approve the next round",
        key="y",
        help="Let a run started with --approve spend calls on the next round.",
        arguments=(choice_argument("rest", "no", "yes", help="approve all later rounds too"),),
        preview=preview.approve,
        unavailable=lambda view, alive: None if view.pending_approval else "no round waits for approval",
    ),
    DirectiveSpec(
        name="budget",
        title="Change the budget",
        key="b",
        help="Change the limits you name; the others stay.",
        arguments=(
            number_argument("calls", "max model calls, final test included"),
            number_argument("target_calls", "max target calls during search"),
            number_argument("tokens", "max tokens"),
            number_argument("usd", "max cost in USD"),
            number_argument("minutes", "max wall-clock minutes"),
        ),
        preview=preview.budget,
        build=_build_budget,
    ),
    DirectiveSpec(
        name="roles",
        title="Change a model",
        key="m",
        help="Use another model for an optimizer role from now on.",
        arguments=(
            choice_argument("role", *(role for role in ROLES if role != "target"), required=True),
            text_argument("model", "provider/model, or provider/model@http://…"),
        ),
        preview=preview.roles,
        build=_build_roles,
    ),
    DirectiveSpec(
        name="weights",
        title="Weight an operator",
        key="w",
        help="Make strategies that sample operators use one more or less often.",
        arguments=(
            text_argument("name", "an operator of the recipe"),
            number_argument("weight", "above 0; the default is 1", required=True),
            choice_argument("of", "operator", "evaluator", help="evaluator weights cannot change during a run"),
        ),
        preview=preview.weights,
    ),
    DirectiveSpec(
        name="replan",
        title="Replan",
        key="l",
        help="Have the planner make a new plan for the next round.",
        preview=preview.replan,
    ),
    DirectiveSpec(
        name="fork",
        title="Fork",
        key="f",
        help="Start a new run from this candidate. Cached answers are free.",
        arguments=(
            CANDIDATE_ARGUMENT,
            text_argument("recipe", "another recipe; default: the run's own", required=False),
            number_argument("calls", "the new run's budget; default: the run's own"),
            number_argument("seed", "of the new run; default: the run's own"),
        ),
        preview=preview.fork,
        unavailable=_cannot_fork,
        starts_process=True,
    ),
    DirectiveSpec(
        name="revive",
        title="Resume run",
        key="g",
        help="Restart a run whose process died. Completed calls are reused.",
        preview=preview.revive,
        unavailable=_cannot_revive,
        starts_process=True,
    ),
)

DIRECTIVES_BY_NAME: Mapping[str, DirectiveSpec] = MappingProxyType({spec.name: spec for spec in DIRECTIVE_SPECS})


def directive_named(name: str) -> DirectiveSpec:
    """Raises UsageError for an unknown name, with the nearest known one."""
    if name not in DIRECTIVES_BY_NAME:
        names = list(DIRECTIVES_BY_NAME)
        raise UsageError(f"unknown directive {name!r}", possible=names, remedy=did_you_mean(name, names))
    return DIRECTIVES_BY_NAME[name]
