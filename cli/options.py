"""Command-line parameters that several commands share: single ones, and groups of them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .completion import complete_candidates, complete_models, complete_recipes, complete_runs, completer
from .model_overrides import apply_model_options, override_models, parse_key_values

if TYPE_CHECKING:
    from ..core.budget import Budget
    from ..core.task import Task
    from ..graphs.run_options import RunOptions

_Preferred = Literal["score", "short", "cheap"]

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
    prefer: Annotated[
        _Preferred | None,
        typer.Option(
            help="of prompts with equal score, take the shorter or the cheaper",
            rich_help_panel=RUN_PANEL,
        ),
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
            prefer=self.prefer,
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


def _changed(options: RunOptions, **changes: Any) -> RunOptions:
    """The options with what the command line set; None means: not set."""
    return replace(options, **{name: value for name, value in changes.items() if value is not None})
