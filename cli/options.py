"""Command-line parameters that several commands share: single ones, and groups that expand into a command's own."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ..core.errors import UsageError
from .completion import complete_candidates, complete_models, complete_recipes, complete_runs, completer

if TYPE_CHECKING:
    from ..core.budget import Budget
    from ..core.models import ModelRef
    from ..core.task import Task
    from ..graphs.run_options import RunOptions

DEFAULT_FOLDER = Path(".maieutic")
MODELS_PANEL, BUDGET_PANEL = "Models", "Budget (any of these)"
RUN_PANEL, DISPLAY_PANEL, STORE_PANEL = "Run", "Display", "Store and plugins"

TaskFile = Annotated[Path, typer.Argument(metavar="TASK", help="task.toml, or its folder")]
RunName = Annotated[
    str,
    typer.Argument(metavar="RUN", help="run id, a unique prefix of one, or latest", autocompletion=complete_runs),
]
CandidateName = Annotated[
    str,
    typer.Option(
        "--candidate",
        metavar="CANDIDATE",
        help="candidate id, a unique prefix of one, best or start",
        autocompletion=complete_candidates,
    ),
]
Folder = Annotated[Path, typer.Option(help="folder of the run store", rich_help_panel=STORE_PANEL)]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
NoPlugins = Annotated[
    bool, typer.Option("--no-plugins", help="run no plugin and no code of the task", rich_help_panel=STORE_PANEL)
]
Trust = Annotated[
    bool,
    typer.Option("--trust", help="agree to the task's own code and hosts", rich_help_panel=STORE_PANEL),
]
Concurrency = Annotated[int, typer.Option(min=1, help="max concurrent model calls", rich_help_panel=RUN_PANEL)]
Force = Annotated[bool, typer.Option("--force", help="replace an output file that is there")]
OutputFile = Annotated[Path | None, typer.Option("--output", "-o", help="write to this file instead of stdout")]
Limit = Annotated[int, typer.Option(min=1, help="max lines to print; --json prints all")]
Target = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="model whose prompt is optimized",
        rich_help_panel=MODELS_PANEL,
        autocompletion=complete_models,
    ),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="model that proposes prompts",
        rich_help_panel=MODELS_PANEL,
        autocompletion=complete_models,
    ),
]
Calls = Annotated[int | None, typer.Option(help="max model calls, final test included", rich_help_panel=BUDGET_PANEL)]
Seed = Annotated[
    int | None,
    typer.Option(help="random seed; default: 0, for a fork its parent's", rich_help_panel=RUN_PANEL),
]
Plain = Annotated[
    bool, typer.Option("--plain", help="print lines instead of a live panel", rich_help_panel=DISPLAY_PANEL)
]

Detach = Annotated[
    bool,
    typer.Option("--detach", help="run in the background and print the run id", rich_help_panel=DISPLAY_PANEL),
]
NewRun = Annotated[str | None, typer.Option("--run", help="id of the new run", rich_help_panel=STORE_PANEL)]


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """The models of a task, replaced for one command."""

    target: Target = None
    optimizer: Optimizer = None
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=MODEL", help="model for one role, e.g. critic=openai/gpt-4o", rich_help_panel=MODELS_PANEL
        ),
    ] = None

    model_option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE.KEY=VALUE",
            help="option of a role's model, e.g. target.max_output_tokens=4000",
            rich_help_panel=MODELS_PANEL,
        ),
    ] = None

    @property
    def replaced_roles(self) -> set[str]:
        """The roles whose model the command line names; `optimizer` is every role that has no other."""
        named = {text.partition("=")[0].strip() for text in self.role or []}
        return named | ({"target"} if self.target else set()) | ({"optimizer"} if self.optimizer else set())

    def apply(self, task: Task) -> Task:
        """The task with these models. Raises UsageError for an unknown role or a name that is not a model."""
        task = override_models(task, self.target, self.optimizer, parse_key_values(self.role or [], "--role"))
        return apply_model_options(task, parse_key_values(self.model_option or [], "--model-option"))


@dataclass(frozen=True, kw_only=True)
class BudgetOptions:
    """The limits of a run."""

    calls: Calls = None
    target_calls: Annotated[
        int | None, typer.Option(help="max target calls during search", rich_help_panel=BUDGET_PANEL)
    ] = None
    tokens: Annotated[
        int | None, typer.Option(help="max tokens, prompt and completion", rich_help_panel=BUDGET_PANEL)
    ] = None
    usd: Annotated[float | None, typer.Option(help="max cost in USD", rich_help_panel=BUDGET_PANEL)] = None
    minutes: Annotated[float | None, typer.Option(help="max wall-clock minutes", rich_help_panel=BUDGET_PANEL)] = None

    def budget(self) -> Budget | None:
        """None if no limit was given. Raises TaskError for a limit of zero or less."""
        from ..core.budget import Budget

        limits = {limit.name: getattr(self, limit.name) for limit in fields(self)}
        if all(limit is None for limit in limits.values()):
            return None
        budget = Budget.model_validate(limits)
        budget.check()
        return budget


@dataclass(frozen=True, kw_only=True)
class MethodOptions:
    """The method of a run; with `SearchOptions`, the command line's side of `RunOptions`."""

    recipe: Annotated[
        str | None,
        typer.Option(
            help="method, see maieutic recipes; default: auto, for a fork its parent's",
            autocompletion=complete_recipes,
        ),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="override a recipe setting, e.g. strategy=beam or beam.width=8",
            rich_help_panel=RUN_PANEL,
        ),
    ] = None
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="max concurrent model calls; default: 4", rich_help_panel=RUN_PANEL),
    ] = None

    def apply(self, options: RunOptions) -> RunOptions:
        """The options with what was given. Raises UsageError for a setting without a key or value."""
        return _changed(
            options,
            recipe=self.recipe,
            settings=parse_key_values(self.settings, "--set") if self.settings else None,
            concurrency=self.concurrency,
        )


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How a run searches and where its measurements run."""

    seed: Seed = None
    approve: Annotated[
        bool, typer.Option("--approve", help="wait for approval before each round", rich_help_panel=RUN_PANEL)
    ] = False
    executor: Annotated[
        str | None,
        typer.Option(
            help="executor plugin that runs measurements, e.g. ray",
            rich_help_panel=RUN_PANEL,
            autocompletion=completer("executor"),
        ),
    ] = None
    patience: Annotated[
        int | None,
        typer.Option(min=1, help="stop after so many rounds without a better prompt", rich_help_panel=RUN_PANEL),
    ] = None
    observe: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="send run events to an observer plugin, e.g. mlflow",
            rich_help_panel=RUN_PANEL,
            autocompletion=completer("observer"),
        ),
    ] = None

    targets: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="further target models to test baseline and winner on", rich_help_panel=RUN_PANEL
        ),
    ] = None

    def apply(self, options: RunOptions) -> RunOptions:
        return _changed(
            options,
            targets=tuple(name.strip() for name in self.targets.split(",") if name.strip()) if self.targets else None,
            seed=self.seed,
            approve=self.approve or None,
            executor=self.executor,
            observers=tuple(self.observe) if self.observe else None,
            patience=self.patience,
        )


@dataclass(frozen=True, kw_only=True)
class DisplayOptions:
    """How a run in the foreground is shown."""

    plain: Plain = False
    as_json: AsJson = False
    folder: Folder = DEFAULT_FOLDER


@dataclass(frozen=True, kw_only=True)
class MeasureOptions:
    """What `eval`, `compare` and `transfer` share: they measure prompts without a search."""

    target: Target = None
    calls: Annotated[int | None, typer.Option(help="max model calls for each prompt", rich_help_panel=BUDGET_PANEL)] = (
        None
    )
    concurrency: Concurrency = 4
    as_json: AsJson = False
    folder: Folder = DEFAULT_FOLDER
    no_plugins: NoPlugins = False
    trust: Trust = False


def expand_groups(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameters of a group's type (a dataclass above) are replaced by the options of that group."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in groups:
            parameters += _group_parameters(groups[parameter.name])
        else:
            # By keyword only, as Typer calls it: a group's defaults may then stand before a required parameter.
            parameters.append(parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def expanded(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{option.name: values.pop(option.name) for option in fields(group)})
        command(**values)

    del expanded.__wrapped__  # Typer would read the unexpanded signature
    expanded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return expanded


def parse_key_values(texts: Sequence[str], option: str) -> dict[str, str]:
    """`KEY=VALUE` texts as a mapping. Raises UsageError for a text without a key or without an equals sign."""
    values = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key.strip() or not equals:
            raise UsageError(f"{text!r} is not KEY=VALUE", where=option, remedy=f"write {option} KEY=VALUE")
        values[key.strip()] = value.strip()
    return values


def override_models(task: Task, target: str | None, optimizer: str | None, roles: Mapping[str, str]) -> Task:
    """The task with other models. Raises UsageError for an unknown role or a name that is not a model."""
    from ..core.error_messages import did_you_mean
    from ..core.models import ROLES, ModelRef

    for role in roles:
        if role not in ROLES:
            raise UsageError(f"unknown role {role!r}", where="--role", possible=ROLES, remedy=did_you_mean(role, ROLES))
    models = {role: ModelRef.parse(name) for role, name in roles.items()}
    changes: dict[str, Any] = {
        "roles": {**task.models.roles, **{role: model for role, model in models.items() if role != "target"}}
    }
    if target or "target" in models:
        changes["target"] = ModelRef.parse(target) if target else models["target"]
    if optimizer:
        changes["optimizer"] = ModelRef.parse(optimizer)
    return task.model_copy(update={"models": task.models.model_copy(update=changes)})


def apply_model_options(task: Task, settings: Mapping[str, str]) -> Task:
    """The task with `ROLE.key` options of its models; the role `optimizer` stands for all but the target.

    Raises UsageError for an unknown role or option, or a value that it does not take.
    """
    from ..core.error_messages import did_you_mean
    from ..core.models import ROLES

    models, roles = task.models, ("optimizer", *ROLES)
    by_role: dict[str, dict[str, str]] = {}
    for setting, text in settings.items():
        role, _, key = setting.partition(".")
        if role not in roles:
            raise UsageError(
                f"unknown role {role!r}",
                where=f"--model-option {setting}",
                possible=roles,
                remedy=did_you_mean(role, roles) or "write --model-option target.max_output_tokens=4000",
            )
        by_role.setdefault(role, {})[key] = text
    for role, table in by_role.items():
        ref = models.optimizer if role == "optimizer" else models.for_role(role)  # type: ignore[arg-type]
        ref = with_model_options(ref, table, f"--model-option {role}")
        changes: dict[str, Any] = (
            {role: ref} if role in ("target", "optimizer") else {"roles": {**models.roles, role: ref}}
        )
        models = models.model_copy(update=changes)
    return task.model_copy(update={"models": models})


def with_model_options(ref: ModelRef, settings: Mapping[str, str], where: str) -> ModelRef:
    """The model with options from texts; `extra.NAME` is a further field of each request. Raises UsageError."""
    from ..core.error_messages import did_you_mean
    from ..core.models import ModelSettings

    possible = tuple(ModelSettings.model_fields)
    table: dict[str, Any] = {}
    for key, text in settings.items():
        name, _, field = key.partition(".")
        if name not in possible:
            raise UsageError(
                f"unknown option {name!r}", where=where, possible=possible, remedy=did_you_mean(name, possible)
            )
        if name == "extra" and field:
            table.setdefault("extra", {})[field] = _parsed(text)
        else:
            table[name] = text if name == "reasoning_effort" else _parsed(text)
    try:
        options = ModelSettings.model_validate({**ref.options.model_dump(), **table})
    except ValueError as error:
        raise UsageError(f"invalid model options: {error}", where=where, possible=possible) from error
    return ref.model_copy(update={"options": options})


def _parsed(text: str) -> Any:
    """A JSON value, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _group_parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if option.default is MISSING else option.default,
            annotation=hints[option.name],
        )
        for option in fields(group)
    ]


def _changed(options: RunOptions, **changes: Any) -> RunOptions:
    """The options with what the command line set; None means: not set."""
    return replace(options, **{name: value for name, value in changes.items() if value is not None})
