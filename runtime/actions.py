"""What a person can do to a run, one row each: key, palette entry, arguments, help. The command line is the twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ..core.errors import UsageError
from ..core.models import ROLES
from ..core.naming import did_you_mean

ArgumentKind = Literal["candidate", "candidates", "text", "number", "example", "choice", "none"]


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One thing an action has to know. choices: for the kind `choice`; the first is what is meant where none is said.

    long: the text has lines, and is best written in an editor.
    """

    name: str
    kind: ArgumentKind
    required: bool = True
    choices: tuple[str, ...] = ()
    help: str = ""
    long: bool = False


@dataclass(frozen=True, kw_only=True)
class Action:
    """One row of the table. starts_process: it begins a process of its own instead of telling a running one."""

    name: str
    title: str
    key: str
    arguments: tuple[Argument, ...] = ()
    help: str
    starts_process: bool = False

    def argument(self, name: str) -> Argument:
        """Raises UsageError for a name that the action does not have."""
        names = [one.name for one in self.arguments]
        if name not in names:
            raise UsageError(f"{self.name} has no {name!r}", possible=names, remedy=did_you_mean(name, names))
        return self.arguments[names.index(name)]


def _choice(name: str, *choices: str, help: str = "", required: bool = False) -> Argument:
    return Argument(name=name, kind="choice", choices=choices, help=help, required=required)


def _text(name: str, help: str, *, required: bool = True, long: bool = False) -> Argument:
    return Argument(name=name, kind="text", help=help, required=required, long=long)


def _number(name: str, help: str, *, required: bool = False) -> Argument:
    return Argument(name=name, kind="number", help=help, required=required)


_CANDIDATE = Argument(name="candidate", kind="candidate", help="an id, the beginning of one, best or start")

ACTIONS: tuple[Action, ...] = (
    Action(name="pause", title="Pause", key="p", help="What is in flight finishes; nothing new is asked."),
    Action(name="resume", title="Resume", key="r", help="A paused run goes on."),
    Action(
        name="stop",
        title="Stop with result",
        key="s",
        arguments=(_choice("report", "yes", "no", help="open the sealed test and report on the best so far"),),
        help="The search ends; the best so far goes to the report.",
    ),
    Action(name="pin", title="Pin", key="i", arguments=(_CANDIDATE,), help="It stays, whatever the race says."),
    Action(
        name="veto",
        title="Veto",
        key="v",
        arguments=(_CANDIDATE, _choice("branch", "no", "yes", help="all that descends from it too")),
        help="It leaves the race; with branch, all its descendants too.",
    ),
    Action(
        name="edit",
        title="Edit a prompt",
        key="e",
        arguments=(
            _CANDIDATE,
            _text("text", "the prompt as it should be", long=True),
            _text("slot", "which of several prompts", required=False),
        ),
        help="Your wording becomes a candidate of its own and passes the same gate as any other.",
    ),
    Action(
        name="hint",
        title="Hint",
        key="h",
        arguments=(_text("text", "what teacher and student should mind"),),
        help="Those who write prompts read it from now on.",
    ),
    Action(
        name="rule",
        title="Rule",
        key="u",
        arguments=(_text("when", "where it holds"), _text("advice", "what to do there")),
        help="Advice for a kind of case: those who write prompts read it from now on.",
    ),
    Action(
        name="prefer",
        title="Prefer",
        key="d",
        arguments=(
            Argument(name="a", kind="candidate", help="one candidate"),
            Argument(name="b", kind="candidate", help="the other"),
            Argument(name="example", kind="example", required=False, help="the row on which they were compared"),
            _number("margin", "from 1, a is far better, to -1, b is"),
        ),
        help="Your verdict in a duel; methods that learn from duels use it.",
    ),
    Action(
        name="annotate",
        title="Annotate a row",
        key="a",
        arguments=(
            Argument(name="example", kind="example", help="a row of train or val"),
            _text("output", "what should have come out"),
        ),
        help="The row gets the right answer; what was scored on it is scored anew, without a call.",
    ),
    Action(
        name="add-example",
        title="Add a boundary case",
        key="x",
        arguments=(
            _text("input", "the row; a JSON object where rows have fields", long=True),
            _text("output", "what should come out"),
            _choice("split", "val", "train", help="val decides who is better, train shows authors failures"),
        ),
        help="A row more; on val, all that are in the race are scored on it first.",
    ),
    Action(
        name="approve",
        title="Approve the next round",
        key="y",
        arguments=(_choice("rest", "no", "yes", help="all later rounds too"),),
        help="A run begun with --approve waits for it before each round that costs.",
    ),
    Action(
        name="budget",
        title="Change the budget",
        key="b",
        arguments=(
            _number("calls", "all calls, the sealed test included"),
            _number("target_calls", "calls of the target while it searches"),
            _number("tokens", "prompt and completion"),
            _number("usd", "money"),
            _number("minutes", "wall clock"),
        ),
        help="The limits that are named change, the others stay.",
    ),
    Action(
        name="roles",
        title="Change a model",
        key="m",
        arguments=(
            _choice("role", *(role for role in ROLES if role != "target"), required=True),
            _text("model", "provider/model, or provider/model@http://…"),
        ),
        help="Another model plays the role from now on.",
    ),
    Action(
        name="weights",
        title="Weigh an operator",
        key="w",
        arguments=(
            _text("name", "an operator of the recipe"),
            _number("weight", "above 0; 1 is usual", required=True),
            _choice("of", "operator", "evaluator", help="evaluators cannot be weighed anew while a run goes on"),
        ),
        help="Strategies that choose among operators ask it more, or less, often.",
    ),
    Action(name="replan", title="Plan anew", key="l", help="The planner lays its path anew for the next round."),
    Action(
        name="fork",
        title="Fork",
        key="f",
        arguments=(
            _CANDIDATE,
            _text("recipe", "another method; else the run's own", required=False),
            _number("calls", "the new run's budget; else the run's own"),
            _number("seed", "of the new run; else the run's own"),
        ),
        help="A new run begins with this candidate beside the start prompt; what was asked before costs nothing.",
        starts_process=True,
    ),
    Action(
        name="revive",
        title="Take the run up again",
        key="g",
        help="A run whose process is gone goes on where it was; nothing is paid twice.",
        starts_process=True,
    ),
)

BY_NAME: Mapping[str, Action] = MappingProxyType({action.name: action for action in ACTIONS})


def action_named(name: str) -> Action:
    """Raises UsageError for a name that no action has, naming the nearest."""
    if name not in BY_NAME:
        raise UsageError(f"no directive is called {name!r}", possible=list(BY_NAME), remedy=did_you_mean(name, BY_NAME))
    return BY_NAME[name]
