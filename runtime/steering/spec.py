"""What one entry of the directive catalog says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...core.directives import Directive
from ...core.error_messages import did_you_mean
from ...core.errors import UsageError
from ..monitor.run_view import RunView
from .lookup import DirectiveLookup

ArgumentKind = Literal["candidate", "candidates", "text", "number", "example", "choice", "none"]
Arguments = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DirectiveArgument:
    """One argument of a directive.

    Attributes:
        name: as the command line, MCP and the stored directive call it.
        kind: what it names.
        required: whether the directive needs it.
        choices: for the kind `choice`; the first is the default.
        help: what it means.
        multiline: whether it is written in an editor.
    """

    name: str
    kind: ArgumentKind
    required: bool = True
    choices: tuple[str, ...] = ()
    help: str = ""
    multiline: bool = False


@dataclass(frozen=True, kw_only=True)
class DirectiveSpec:
    """One entry of the catalog.

    Attributes:
        name: the kind of the directive, and its command.
        title: its name on screen.
        key: its key in the terminal UI.
        help: one sentence.
        arguments: in the order in which they are asked.
        preview: what it would do now, from the view and the checked arguments.
        build: the directive from the checked arguments; None where they are its fields.
        unavailable: why it can do nothing now, from the view and whether a process carries the run; None where it can.
        starts_process: whether it starts a process of its own instead of changing a running one.
    """

    name: str
    title: str
    key: str
    help: str
    arguments: tuple[DirectiveArgument, ...] = ()
    preview: str | Callable[[RunView, Arguments], str]
    build: Callable[[DirectiveLookup, Arguments], Directive] | None = None
    unavailable: Callable[[RunView, bool], str | None] = lambda view, alive: None
    starts_process: bool = False

    def argument(self, name: str) -> DirectiveArgument:
        """Raises UsageError for a name that the directive does not have."""
        names = [argument.name for argument in self.arguments]
        if name not in names:
            raise UsageError(f"{self.name} has no {name!r}", possible=names, remedy=did_you_mean(name, names))
        return self.arguments[names.index(name)]


CANDIDATE_ARGUMENT = DirectiveArgument(
    name="candidate", kind="candidate", help="an id, the beginning of one, best or start"
)


def choice_argument(name: str, *choices: str, help: str = "", required: bool = False) -> DirectiveArgument:
    return DirectiveArgument(name=name, kind="choice", choices=choices, help=help, required=required)


def text_argument(name: str, help: str, *, required: bool = True, multiline: bool = False) -> DirectiveArgument:
    return DirectiveArgument(name=name, kind="text", help=help, required=required, multiline=multiline)


def number_argument(name: str, help: str, *, required: bool = False) -> DirectiveArgument:
    return DirectiveArgument(name=name, kind="number", help=help, required=required)
