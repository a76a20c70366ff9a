"""Commands about the installation: recipes, models, doctor."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_FOLDER, AsJson, Folder, NoPlugins, load_registry, open_store, print_json

models = typer.Typer(help="The embedded model, and whether a model answers.", no_args_is_help=False)

_TEST_PROMPT = "reply with the single word ready"


def recipes(
    name: Annotated[str | None, typer.Argument(help="one of them, in full")] = None,
    as_json: AsJson = False,
    no_plugins: NoPlugins = False,
) -> None:
    """The methods there are, with the paper each comes from."""
    from ..graphs.recipe_loader import all_recipes as all_recipes
    from ..graphs.recipe_loader import load_recipe
    from .tables import print_table

    registry = load_registry(None, no_plugins=no_plugins)
    if name is not None:
        one = load_recipe(name, registry)
        if as_json:
            print_json(one.model_dump(mode="json"))
            return
        typer.secho(f"{one.name}: {one.summary}", bold=True)
        for label, text in (
            ("paper", one.paper),
            ("calls", one.expected_calls),
            ("needs", ", ".join(sorted(one.needs)) or "nothing beyond the task"),
            ("strategy", one.strategy.use),
            ("allocator", one.allocator.use),
            ("operators", ", ".join(use.use for use in one.operators)),
            ("planner", "yes" if one.planner else "no"),
            ("differs", one.differs),
        ):
            if text:
                typer.echo(f"{label:<10} {text}")
        return
    rows = [
        {
            "name": one.name,
            "paper": one.paper,
            "needs": sorted(one.needs),
            "expected_calls": one.expected_calls,
            "summary": one.summary,
        }
        for one in all_recipes(registry)
    ]
    if as_json:
        print_json(rows)
    else:
        print_table([{**row, "needs": ", ".join(row["needs"])} for row in rows], ["name", "needs", "summary", "paper"])


@models.callback(invoke_without_command=True)
def models_callback(context: typer.Context, as_json: AsJson = False) -> None:
    """The embedded model, and whether a model answers."""
    if context.invoked_subcommand is None:
        list_models(as_json=as_json)


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Where the embedded model's weights are, and how large."""
    from .doctor import embedded_model_status

    state = embedded_model_status()
    if as_json:
        print_json([state])
        return
    found = f"{state['path']} ({state['megabytes']} MB)" if state["path"] else "not here yet: maieutic models pull"
    typer.echo(f"{state['model']}  {found}")
    typer.echo("any other model is named provider/model, as litellm spells it, or openai/NAME@http://HOST/v1")


@models.command()
def pull(as_json: AsJson = False) -> None:
    """Fetch the embedded model's weights now instead of at the first run."""
    from ..runtime.models.embedded.weights import ensure_weights
    from .doctor import embedded_model_status

    ensure_weights()
    if as_json:
        print_json(embedded_model_status())
    else:
        typer.echo(f"ready: {embedded_model_status()['path']}")


@models.command("test")
def check_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="provider/model")] = "local/smollm2",
    as_json: AsJson = False,
) -> None:
    """Make one tiny call."""
    from ..core.models import ModelRef
    from .doctor import send_test_call
    from .interrupt import run_until_interrupted

    reply = run_until_interrupted(
        send_test_call(ModelRef.parse(model), _TEST_PROMPT), goes_on_with=lambda: f"maieutic models test {model}"
    )
    if reply is None:
        from ..core.errors import RunStopped

        raise RunStopped("the call was interrupted", remedy=f"maieutic models test {model}")
    if as_json:
        print_json({"model": model, **reply.model_dump(include={"text", "seconds", "usd"}), "tokens": reply.tokens})
    else:
        typer.echo(f"{model} answers in {reply.seconds:.2f} s: {' '.join(reply.text.split())[:80]}")


def doctor(
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="first bring the store of an older Maieutic up to date")
    ] = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Look whether everything a run needs is in place; nothing is called, and nothing changed but by --upgrade."""
    from ..core.errors import UsageError
    from .doctor import run_checks

    if upgrade:
        open_store(folder, read_only=False).close()
    found = run_checks(folder)
    if as_json:
        print_json([{"check": one.name, "ok": one.ok, "said": one.detail, "remedy": one.remedy} for one in found])
    else:
        for one in found:
            mark = "ok  " if one.ok else "FAIL"
            typer.secho(f"{mark} {one.name}: {one.detail}", fg=None if one.ok else "red")
            if one.remedy:
                typer.echo(f"     what to do: {one.remedy}")
    if broken := [one.name for one in found if not one.ok]:
        if as_json:
            raise typer.Exit(2)
        raise UsageError(f"{len(broken)} of {len(found)} checks failed: {', '.join(broken)}")
