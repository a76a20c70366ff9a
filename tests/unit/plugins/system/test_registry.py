"""The registry: built-ins cost nothing, plugins are found without importing, and none breaks a command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from maieutic.core.errors import PluginError, UsageError
from maieutic.plugins.evaluators.reference_match import RegexMatch
from maieutic.plugins.system.hookspecs import HOOKS
from maieutic.plugins.system.registry import Registry

Install = Callable[..., None]

GOOD = """
from maieutic.plugins.system.hookspecs import hookimpl
api = 1
class Polite:
    name, needs = "polite", frozenset({"judge"})
    def __init__(self, words: int = 3): self.words = words
    async def evaluate(self, example, output, answer): return None
@hookimpl
def maieutic_evaluators(register):
    register("polite", Polite, summary="counts polite words", needs=frozenset({"judge"}))
"""
WRONG = {
    "import": "raise RuntimeError('no CUDA')",
    "exit": "import sys; sys.exit(3)",
    "syntax": "def (",
    "api": GOOD.replace("api = 1", "api = 2"),
    "hook": GOOD + "    raise KeyError('half way')\n",
    "unknown hook": GOOD.replace("maieutic_evaluators", "maieutic_metrics"),
    "arguments": GOOD.replace("(register)", "(registry)"),
    "name": GOOD.replace('register("polite"', 'register("po:lite"'),
    "factory": GOOD.replace("Polite, summary", "'Polite', summary"),
    "twice": GOOD + '    register("polite", Polite)\n',
}
STAGE = {"import": "import", "exit": "import", "syntax": "import", "api": "api"}


@pytest.mark.parametrize("kind", sorted(HOOKS))
def test_every_builtin_can_be_imported(kind: str) -> None:
    registry = Registry.load(())
    for name in registry.names(kind):  # type: ignore[arg-type]
        entry = registry.describe(kind, name)  # type: ignore[arg-type]
        assert entry.summary
        assert entry.plugin.distribution == "maieutic"
        assert isinstance(registry.options(kind, name), dict)  # type: ignore[arg-type]


def test_listing_builtins_imports_none_of_them() -> None:
    code = (
        "import sys; from maieutic.plugins.system.registry import Registry; r = Registry.load(())\n"
        "r.describe('evaluator', 'exact'); r.names('evaluator'); r.plugins()\n"
        "heavy = ('jsonschema', 'litellm', 'langgraph', 'numpy', 'scipy', 'maieutic.plugins.evaluators')\n"
        "sys.exit(', '.join(one for one in heavy if one in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_create_gives_the_object_with_its_options() -> None:
    assert isinstance(Registry.load(()).create("evaluator", "regex", pattern="a+"), RegexMatch)


def test_an_unknown_name_lists_the_possible_ones_and_the_near_one() -> None:
    with pytest.raises(UsageError, match="no evaluator is called 'exakt'") as caught:
        Registry.load(()).create("evaluator", "exakt")
    assert "token_f1" in caught.value.possible
    assert caught.value.remedy == "did you mean 'exact'?"
    assert not Registry.load(()).has("evaluator", "exakt")


@pytest.mark.parametrize(
    ("name", "options", "said", "possible"),
    [
        ("numeric", {"abs_tool": 1}, "no option 'abs_tool'", ("abs_tol", "rel_tol")),
        ("exact", {"case": True}, "no option 'case'", ("no options at all",)),
        ("json_schema", {}, "needs the option 'schema'", ("schema",)),
    ],
)
def test_a_wrong_option_is_named(name: str, options: dict[str, object], said: str, possible: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        Registry.load(()).create("evaluator", name, **options)
    assert caught.value.possible == possible


def test_a_plugin_is_listed_without_being_imported(install: Install) -> None:
    install("polite-metrics", "raise SystemExit('imported')")
    registry = Registry.load()
    assert ("polite-metrics", "1.2", "available") in [(p.distribution, p.version, p.state) for p in registry.plugins()]
    registry.create("evaluator", "exact")
    assert "polite_metrics" not in sys.modules


def test_a_plugin_is_imported_when_its_name_is_asked_for(install: Install) -> None:
    install("polite-metrics", GOOD)
    registry = Registry.load()
    assert registry.create("evaluator", "polite", words=5).words == 5
    assert registry.describe("evaluator", "polite").needs == {"judge"}
    assert registry.create("evaluator", "polite-metrics:polite").words == 3
    assert "polite" in registry.names("evaluator")


@pytest.mark.parametrize("wrong", WRONG)
def test_a_broken_plugin_is_recorded_and_the_rest_goes_on(install: Install, wrong: str) -> None:
    install("broken-metrics", WRONG[wrong])
    install("polite-metrics", GOOD)
    registry = Registry.load()
    assert "polite" in registry.names("evaluator")
    (failure,) = registry.failures
    assert (failure.distribution, failure.version) == ("broken-metrics", "1.2")
    assert failure.stage == STAGE.get(wrong, "register")
    assert [p.state for p in registry.plugins() if p.distribution == "broken-metrics"] == ["failed"]
    assert all(
        registry.describe("evaluator", n).plugin.distribution != "broken-metrics" for n in registry.names("evaluator")
    )
    with pytest.raises(UsageError, match="no evaluator") as caught:
        registry.create("evaluator", "rude")
    assert "broken-metrics 1.2" in str(caught.value)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_broken_plugin_that_the_run_names_is_an_error(
    install: Install, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("broken-metrics", WRONG[wrong])
    for ask in (
        lambda: Registry.load().create("evaluator", "broken-metrics:polite"),
        lambda: Registry.load(["broken-metrics"]),
        lambda: Registry.load().require(["broken-metrics"]),
    ):
        with pytest.raises(PluginError) as caught:
            ask()
        assert "broken-metrics 1.2" in str(caught.value)
        assert f"stage {STAGE.get(wrong, 'register')}" in str(caught.value)
    monkeypatch.setenv("MAIEUTIC_PLUGINS", "broken-metrics")
    with pytest.raises(PluginError):
        Registry.load()


def test_another_contract_is_refused_with_both_numbers(install: Install) -> None:
    install("new-metrics", GOOD.replace("api = 1", "api = 7"))
    with pytest.raises(PluginError, match=r"version 7 .* version 1"):
        Registry.load(["new-metrics"])


def test_the_selection_decides_who_may_come_in(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("polite-metrics", GOOD)
    install("rude-metrics", GOOD.replace('"polite"', '"rude"'))
    assert not Registry.load(()).has("evaluator", "polite")
    monkeypatch.setenv("MAIEUTIC_PLUGINS", "")
    assert not Registry.load().has("evaluator", "polite")
    monkeypatch.setenv("MAIEUTIC_PLUGINS", "Rude_Metrics")
    registry = Registry.load()
    assert registry.has("evaluator", "rude")
    assert not registry.has("evaluator", "polite")
    with pytest.raises(UsageError, match="switched off"):
        Registry.load(()).require(["polite-metrics"])


def test_a_plugin_that_is_not_installed_is_named(install: Install) -> None:
    install("polite-metrics", GOOD)
    with pytest.raises(UsageError, match="no plugin is called 'polite-metric'") as caught:
        Registry.load().require(["polite-metric"])
    assert caught.value.remedy == "did you mean 'polite-metrics'?"


def test_a_name_of_two_plugins_must_be_qualified_and_a_builtin_stays(install: Install) -> None:
    install("polite-metrics", GOOD + '    register("exact", Polite)\n')
    install("other-metrics", GOOD)
    registry = Registry.load()
    with pytest.raises(UsageError, match="two plugins") as caught:
        registry.create("evaluator", "polite")
    assert caught.value.possible == ("other-metrics:polite", "polite-metrics:polite")
    assert registry.describe("evaluator", "exact").plugin.distribution == "maieutic"
    assert registry.describe("evaluator", "polite-metrics:exact").plugin.distribution == "polite-metrics"
    with pytest.raises(UsageError, match="has no evaluator 'rude'"):
        registry.create("evaluator", "polite-metrics:rude")


def test_a_plugin_that_fails_while_it_is_made_is_named(install: Install) -> None:
    install("polite-metrics", GOOD.replace("self.words = words", "self.words = 1 / words"))
    with pytest.raises(PluginError, match="could not be created: ZeroDivisionError") as caught:
        Registry.load().create("evaluator", "polite", words=0)
    assert "polite-metrics 1.2, stage create" in str(caught.value)


def test_a_file_beside_the_task_is_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(GOOD)
    registry = Registry.load()
    registry.require(["./mine.py"], folder=tmp_path)
    assert registry.create("evaluator", "polite").words == 3
    (tmp_path / "sick.py").write_text("1 / 0")
    with pytest.raises(PluginError, match=r"sick\.py"):
        registry.require(["./sick.py"])
