"""What a person can do to a run, one row each: key, palette entry, arguments, help. The command line is the twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ...core.errors import UsageError
from ...core.models import ROLES
from ...core.suggest import did_you_mean

ArgumentKind = Literal["candidate", "candidates", "text", "number", "example", "choice", "none"]


@dataclass(frozen=True, kw_only=True)
class DirectiveArgument:
    """One thing an action has to know. choices: for the kind `choice`; the first is what is meant where none is said.

    long: the text has lines, and is best written in an editor.
    """

    name: str
    kind: ArgumentKind
    required: bool = True
    choices: tuple[str, ...] = ()
    help: str = ""
    multiline: bool = False


@dataclass(frozen=True, kw_only=True)
class DirectiveSpec:
    """One row of the table. starts_process: it begins a process of its own instead of telling a running one."""

    name: str
    title: str
    key: str
    arguments: tuple[DirectiveArgument, ...] = ()
    help: str
    starts_process: bool = False

    def argument(self, name: str) -> DirectiveArgument:
        """Raises UsageError for a name that the action does not have."""
        names = [one.name for one in self.arguments]
        if name not in names:
            raise UsageError(f"{self.name} has no {name!r}", possible=names, remedy=did_you_mean(name, names))
        return self.arguments[names.index(name)]


def _choice_argument(name: str, *choices: str, help: str = "", required: bool = False) -> DirectiveArgument:
    return DirectiveArgument(name=name, kind="choice", choices=choices, help=help, required=required)


def _text_argument(name: str, help: str, *, required: bool = True, long: bool = False) -> DirectiveArgument:
    return DirectiveArgument(name=name, kind="text", help=help, required=required, multiline=long)


def _number_argument(name: str, help: str, *, required: bool = False) -> DirectiveArgument:
    return DirectiveArgument(name=name, kind="number", help=help, required=required)


_CANDIDATE_ARGUMENT = DirectiveArgument(
    name="candidate", kind="candidate", help="an id, the beginning of one, best or start"
)

DIRECTIVE_SPECS: tuple[DirectiveSpec, ...] = (
    DirectiveSpec(name="pause", title="Pause", key="p", help="What is in flight finishes; nothing new is asked."),
    DirectiveSpec(name="resume", title="Resume", key="r", help="A paused run goes on."),
    DirectiveSpec(
        name="stop",
        title="Stop with result",
        key="s",
        arguments=(_choice_argument("report", "yes", "no", help="open the sealed test and report on the best so far"),),
        help="The search ends; the best so far goes to the report.",
    ),
    DirectiveSpec(
        name="pin", title="Pin", key="i", arguments=(_CANDIDATE_ARGUMENT,), help="It stays, whatever the race says."
    ),
    DirectiveSpec(
        name="veto",
        title="Veto",
        key="v",
        arguments=(_CANDIDATE_ARGUMENT, _choice_argument("branch", "no", "yes", help="all that descends from it too")),
        help="It leaves the race; with branch, all its descendants too.",
    ),
    DirectiveSpec(
        name="edit",
        title="Edit a prompt",
        key="e",
        arguments=(
            _CANDIDATE_ARGUMENT,
            _text_argument("text", "the prompt as it should be", long=True),
            _text_argument("slot", "which of several prompts", required=False),
        ),
        help="Your wording becomes a candidate of its own and passes the same gate as any other.",
    ),
    DirectiveSpec(
        name="hint",
        title="Hint",
        key="h",
        arguments=(_text_argument("text", "what teacher and student should mind"),),
        help="Those who write prompts read it from now on.",
    ),
    DirectiveSpec(
        name="rule",
        title="Rule",
        key="u",
        arguments=(_text_argument("when", "where it holds"), _text_argument("advice", "what to do there")),
        help="Advice for a kind of case: those who write prompts read it from now on.",
    ),
    DirectiveSpec(
        name="prefer",
        title="Prefer",
        key="d",
        arguments=(
            DirectiveArgument(name="a", kind="candidate", help="one candidate"),
            DirectiveArgument(name="b", kind="candidate", help="the other"),
            DirectiveArgument(
                name="example", kind="example", required=False, help="the row on which they were compared"
            ),
            _number_argument("margin", "from 1, a is far better, to -1, b is"),
        ),
        help="Your verdict in a duel; methods that learn from duels use it.",
    ),
    DirectiveSpec(
        name="annotate",
        title="Annotate a row",
        key="a",
        arguments=(
            DirectiveArgument(name="example", kind="example", help="a row of train or val"),
            _text_argument("output", "what should have come out"),
        ),
        help="The row gets the right answer; what was scored on it is scored anew, without a call.",
    ),
    DirectiveSpec(
        name="add-example",
        title="Add a boundary case",
        key="x",
        arguments=(
            _text_argument("input", "the row; a JSON object where rows have fields", long=True),
            _text_argument("output", "what should come out"),
            _choice_argument("split", "val", "train", help="val decides who is better, train shows authors failures"),
        ),
        help="A row more; on val, all that are in the race are scored on it first.",
    ),
    DirectiveSpec(
        name="approve",
        title="Approve the next round",
        key="y",
        arguments=(_choice_argument("rest", "no", "yes", help="all later rounds too"),),
        help="A run begun with --approve waits for it before each round that costs.",
    ),
    DirectiveSpec(
        name="budget",
        title="Change the budget",
        key="b",
        arguments=(
            _number_argument("calls", "all calls, the sealed test included"),
            _number_argument("target_calls", "calls of the target while it searches"),
            _number_argument("tokens", "prompt and completion"),
            _number_argument("usd", "money"),
            _number_argument("minutes", "wall clock"),
        ),
        help="The limits that are named change, the others stay.",
    ),
    DirectiveSpec(
        name="roles",
        title="Change a model",
        key="m",
        arguments=(
            _choice_argument("role", *(role for role in ROLES if role != "target"), required=True),
            _text_argument("model", "provider/model, or provider/model@http://…"),
        ),
        help="Another model plays the role from now on.",
    ),
    DirectiveSpec(
        name="weights",
        title="Weigh an operator",
        key="w",
        arguments=(
            _text_argument("name", "an operator of the recipe"),
            _number_argument("weight", "above 0; 1 is usual", required=True),
            _choice_argument(
                "of", "operator", "evaluator", help="evaluators cannot be weighed anew while a run goes on"
            ),
        ),
        help="Strategies that choose among operators ask it more, or less, often.",
    ),
    DirectiveSpec(name="replan", title="Plan anew", key="l", help="The planner lays its path anew for the next round."),
    DirectiveSpec(
        name="fork",
        title="Fork",
        key="f",
        arguments=(
            _CANDIDATE_ARGUMENT,
            _text_argument("recipe", "another method; else the run's own", required=False),
            _number_argument("calls", "the new run's budget; else the run's own"),
            _number_argument("seed", "of the new run; else the run's own"),
        ),
        help="A new run begins with this candidate beside the start prompt; what was asked before costs nothing.",
        starts_process=True,
    ),
    DirectiveSpec(
        name="revive",
        title="Take the run up again",
        key="g",
        help="A run whose process is gone goes on where it was; nothing is paid twice.",
        starts_process=True,
    ),
)

DIRECTIVES_BY_NAME: Mapping[str, DirectiveSpec] = MappingProxyType({action.name: action for action in DIRECTIVE_SPECS})


def directive_named(name: str) -> DirectiveSpec:
    """Raises UsageError for a name that no action has, naming the nearest."""
    if name not in DIRECTIVES_BY_NAME:
        raise UsageError(
            f"no directive is called {name!r}",
            possible=list(DIRECTIVES_BY_NAME),
            remedy=did_you_mean(name, DIRECTIVES_BY_NAME),
        )
    return DIRECTIVES_BY_NAME[name]
