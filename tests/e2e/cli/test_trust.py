"""Nothing of a task folder is executed, and no key leaves for a host that its file names, before the person agrees."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from maieutic import load_task, optimize
from maieutic.core.budget import Budget
from maieutic.core.errors import TrustError
from maieutic.core.models import ModelRef
from maieutic.plugins.system.registration import builtin_registrations, import_factory, parameters_of
from maieutic.plugins.system.task_access import FUNCTION_PARTS, access_of_file
from maieutic.plugins.system.task_hosts import host_use
from maieutic.testing import StubServer

SECRET = "sk-0123456789abcdef"
OWN = """from pathlib import Path
Path(__file__).with_name('ran').touch()
def measure(example, output):
    return 1.0
def app(prompts, input):
    return 'x'
def rows():
    return [{"input": f"row {n}", "output": "yes"} for n in range(6)]
"""
CODE = {
    "metric": ('[[evaluators]]\nuse = "own.py:measure"\n', "run own.py:measure (metric)"),
    "metric as option": ('[[evaluators]]\nuse = "callable"\nfunction = "own:measure"\n', "run own:measure (metric)"),
    "app": ('[target]\nuse = "callable"\nfunction = "own.py:app"\n', "run own.py:app (app)"),
    "app by name": ('[target]\nuse = "own.py:app"\n', "run own.py:app (app)"),
    "installed function": ('[target]\nuse = "subprocess:getoutput"\n', "run subprocess:getoutput (app)"),
    "plugin": ('plugins = ["./own.py"]\n', "run ./own.py (plugin)"),
    "data": ("", "run dspy:own.py:rows (data)"),
    "tests in the examples": ('[[evaluators]]\nuse = "code"\n', "run the tests in the examples"),
}
FOREIGN = "http://203.0.113.9:9/v1"


@pytest.fixture(autouse=True)
def untrusted(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An account that has agreed to nothing; returns its configuration folder."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("MAIEUTIC_CONFIG", str(folder))
    monkeypatch.delenv("MAIEUTIC_TRUST")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(OWN)
    rows = [json.dumps({"input": f"row {n}", "output": "yes"}) for n in range(12)]
    for split, part in (("train", rows[:4]), ("val", rows[4:8]), ("test", rows[8:])):
        (tmp_path / f"{split}.jsonl").write_text("\n".join(part))
    return tmp_path


def write_task(folder: Path, *, models: str = "", code: str = "", train: str = "train.jsonl") -> None:
    top, table = (code, "") if code.startswith("plugins") else ("", code)
    models = models or 'target = "llamacpp/stub@http://127.0.0.1:9/v1"'
    (folder / "task.toml").write_text(
        f'name = "t"\nprompt = "Say yes."\n{top}[data]\ntrain = "{train}"\nval = "val.jsonl"\ntest = "test.jsonl"\n'
        f"[models]\n{models}\n{table}"
    )


@pytest.mark.parametrize(
    ("command", "kind"), [*(("eval", kind) for kind in CODE), ("estimate", "metric"), ("optimize", "data")]
)
def test_code_of_a_task_runs_after_consent_alone(call: Any, folder: Path, command: str, kind: str) -> None:
    code, line = CODE[kind]
    write_task(folder, code=code, train="dspy:own.py:rows" if kind == "data" else "train.jsonl")
    result = call(command, ".")
    assert result.code == 2
    assert line in result.err
    assert "maieutic trust" in result.err
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("models", "key", "host"),
    [
        (f'target = "openai/t@{FOREIGN}"', "OPENAI_API_KEY", FOREIGN),
        (f'target = "openai/t"\napi_base = "{FOREIGN}"', "OPENAI_API_KEY", FOREIGN),
        (f'target = "llamacpp/t@{FOREIGN}"\nkey_env = "AWS_SECRET_ACCESS_KEY"', "AWS_SECRET_ACCESS_KEY", FOREIGN),
        ('target = "openai/t"\nkey_env = "AWS_SECRET_ACCESS_KEY"', "AWS_SECRET_ACCESS_KEY", "the provider openai"),
        ('target = "openai/t@http://127.0.0.1:9/v1"', "OPENAI_API_KEY", "http://127.0.0.1:9/v1"),
        ('target = "openai/t@http://api.openai.com/v1"', "OPENAI_API_KEY", "http://api.openai.com/v1"),
        ('target = "openai/t@https://api.openai.com@evil.test/v1"', "OPENAI_API_KEY", "evil.test"),
        ('target = "huggingface/https://evil.test/x"', "the key of huggingface", "https://evil.test/x"),
        (f'target = "openai/t"\n[models."openai/t".extra]\napi_base = "{FOREIGN}"', "the key of openai", FOREIGN),
        (f'target = "local/smollm2"\n[models.roles]\njudge = "openai/j@{FOREIGN}"', "OPENAI_API_KEY", FOREIGN),
    ],
)
def test_no_key_leaves_for_a_host_of_the_task(call: Any, folder: Path, models: str, key: str, host: str) -> None:
    write_task(folder, models=models)
    result = call("optimize", ".")
    assert result.code == 2
    assert f"send {key}" in result.err
    assert host in result.err


def test_no_key_leaves_for_a_host_of_an_evaluator(call: Any, folder: Path) -> None:
    write_task(folder, code=f'[[evaluators]]\nuse = "similarity"\nmodel = "openai/e@{FOREIGN}"\n')
    result = call("eval", ".")
    assert result.code == 2
    assert f"send OPENAI_API_KEY and the examples to {FOREIGN}" in result.err


def test_a_key_is_asked_about_wherever_an_option_names_it(call: Any, folder: Path) -> None:
    options = 'model = "openai/e"\nkey_env = "AWS_SECRET_ACCESS_KEY"\n'
    for table in (options, f"[evaluators.options]\n{options}"):
        write_task(folder, code=f'[[evaluators]]\nuse = "similarity"\n{table}')
        result = call("eval", ".")
        assert result.code == 2
        assert "send AWS_SECRET_ACCESS_KEY and the examples to the provider openai" in result.err


@pytest.mark.parametrize(
    "name",
    [
        "openai/gpt-4o-mini",
        "openai/gpt-4o-mini@https://api.openai.com/v1",
        "llamacpp/stub@http://127.0.0.1:9/v1",
        "vllm/m@http://localhost:8000/v1",
        "anthropic/claude-sonnet-4-5",
        "local/smollm2",
    ],
)
def test_ordinary_models_need_no_consent(name: str) -> None:
    assert host_use(ModelRef.parse(name)) is None


def test_the_server_gets_no_request_and_no_key_before_consent(call: Any, folder: Path) -> None:
    with StubServer() as stub:
        write_task(folder, models=f'target = "openai/stub@{stub.base}"')
        assert call("eval", ".").code == 2
        assert stub.count == 0
        assert call("eval", ".", "--trust").code == 0
        assert stub.count == 4
        assert call("eval", ".", "--split", "val").code == 0, "agreed once"


def test_the_command_line_may_name_any_host(call: Any, folder: Path) -> None:
    with StubServer() as stub:
        write_task(folder, models=f'target = "openai/t@{FOREIGN}"\noptimizer = "local/smollm2"')
        assert call("eval", ".", "--target", f"openai/stub@{stub.base}").code == 0
        assert stub.count == 4


def test_trust_shows_and_remembers_until_the_code_changes(call: Any, folder: Path, untrusted: Path) -> None:
    write_task(folder, code=CODE["metric"][0])
    shown = call("trust", ".")
    assert shown.code == 2, "without a terminal nobody can be asked"
    agreed = call("trust", ".", "--yes")
    assert agreed.code == 0
    assert "run own.py:measure (metric)" in agreed.out
    assert (untrusted / "trusted.json").stat().st_mode & 0o077 == 0
    assert call("estimate", ".").code == 0
    (folder / "train.jsonl").write_text('{"input": "a", "output": "b"}\n{"input": "c", "output": "d"}\n')
    assert call("estimate", ".").code == 0, "data may change"
    (folder / "own.py").write_text(OWN + "# changed\n")
    assert call("estimate", ".").code == 2
    assert call("trust", ".", "--yes", "--always").code == 0
    (folder / "own.py").write_text(OWN + "# changed again\n")
    assert call("estimate", ".").code == 0
    assert call("trust", ".", "--forget").code == 0
    assert call("estimate", ".").code == 2


@pytest.mark.parametrize("value", ["1", "folder"])
def test_the_environment_agrees(call: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    write_task(folder, code=CODE["metric"][0])
    monkeypatch.setenv("MAIEUTIC_TRUST", str(folder.parent) if value == "folder" else value)
    assert call("estimate", ".").code == 0
    monkeypatch.setenv("MAIEUTIC_TRUST", str(folder / "other"))
    assert call("estimate", ".").code == 2


def test_bytecode_beside_a_trusted_file_is_not_run(call: Any, folder: Path) -> None:
    import importlib.util
    import py_compile

    write_task(folder, code=CODE["metric"][0])
    evil = folder / "evil.py"
    evil.write_text(OWN.replace("'ran'", "'evil-ran'"))
    py_compile.compile(
        str(evil),
        cfile=importlib.util.cache_from_source(str(folder / "own.py")),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    evil.unlink()
    assert call("estimate", ".", "--trust").code == 0
    assert (folder / "ran").exists()
    assert not (folder / "evil-ran").exists()


def test_the_python_api_asks_for_a_file_and_trusts_objects(folder: Path) -> None:
    write_task(folder, code=CODE["metric"][0])
    task, budget = load_task(folder), Budget(calls=4)
    with pytest.raises(TrustError, match=r"own\.py:measure"):
        optimize(task, budget=budget, folder=folder / "store")
    assert not (folder / "ran").exists()
    assert load_task(folder, trust=True).trusted
    assert "trusted" not in load_task(folder, trust=True).model_dump_json()


def test_a_run_of_another_account_is_resumed_after_consent(
    call: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with StubServer() as stub:
        write_task(folder, models=f'target = "openai/stub@{stub.base}"\noptimizer = "llamacpp/stub@{stub.base}"')
        first = call("optimize", ".", "--trust", "--recipe", "random-demos", "--calls", "12", "--run", "r1", "--plain")
        assert first.code == 0, first.err
        assert call("fork", "r1", "--run", "r2", "--plain").code == 0, "whoever started it goes on without a question"
        count = stub.count
        monkeypatch.setenv("MAIEUTIC_CONFIG", str(tmp_path_factory.mktemp("other")))
        for words in (("fork", "r1"), ("serve", "r1")):
            result = call(*words)
            assert result.code == 2
            assert "send OPENAI_API_KEY" in result.err
        assert stub.count == count


def test_init_agrees_to_what_it_wrote(call: Any, folder: Path) -> None:
    rows = [json.dumps({"input": f"row {n}", "output": "yes"}) for n in range(12)]
    (folder / "all.jsonl").write_text("\n".join(rows))
    with StubServer() as stub:
        written = call(
            *("init", "made", "--yes", "--data", "all.jsonl", "--prompt", "Say yes.", "--description", "yes"),
            *("--target", f"openai/stub@{stub.base}"),
        )
        assert written.code == 0, written.err
        assert call("eval", "made", "--split", "train").code == 0


def test_a_terminal_is_asked_once(folder: Path) -> None:
    write_task(folder, code=CODE["metric"][0])
    first, code = in_terminal(folder, b"y\n", "estimate", ".")
    assert "run own.py:measure (metric)" in first
    assert "agree?" in first
    assert code == 0
    second, code = in_terminal(folder, b"", "estimate", ".")
    assert "agree?" not in second
    assert code == 0


def test_a_no_in_a_terminal_runs_nothing(folder: Path) -> None:
    write_task(folder, code=CODE["metric"][0])
    shown, code = in_terminal(folder, b"\n", "eval", ".")
    assert "not agreed" in shown
    assert code == 2
    assert not (folder / "ran").exists()


def in_terminal(folder: Path, typed: bytes, *words: str) -> tuple[str, int]:
    """What a command shows in a terminal where somebody types, and its exit code."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "maieutic", *words], cwd=folder, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    os.write(master, typed)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(master)
    return shown.decode(errors="replace"), process.wait(60)


NODE = """#!/bin/sh
touch "$2/ran"
echo '{"ready": true}'
while read -r line; do echo '{"pass": true, "score": 1}'; done
"""
ASSERTING = '{"type": "javascript", "value": "process.exit()"}'


@pytest.fixture
def promptfoo_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A task folder that brings its own promptfoo, and a Node.js that says when it was started."""
    (folder / "lib/node_modules/promptfoo").mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin/node").write_text(NODE)
    (folder / "bin/node").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    for split in ("train", "val", "test"):
        rows = (f'{{"input": "{split} {number}", "assert": [{ASSERTING}]}}' for number in range(4))
        (folder / f"{split}.jsonl").write_text("\n".join(rows))
    return folder


@pytest.mark.parametrize(
    "code",
    [
        '[[evaluators]]\nuse = "promptfoo"\nmodules = "lib"\n',
        '[[evaluators]]\nuse = "maieutic:promptfoo"\n[evaluators.options]\nmodules = "lib"\n',
        '[[evaluators]]\nuse = "promptfoo"\nmodules = "lib"\nassertion = {type = "javascript", value = "1"}\n',
        "",
    ],
    ids=["explicit", "nested options", "one assertion", "by the examples"],
)
def test_promptfoo_of_a_task_starts_after_consent_alone(call: Any, promptfoo_folder: Path, code: str) -> None:
    home = promptfoo_folder / "lib"
    if not code:  # nothing in the task file says that the examples have assertions
        home = (home / "node_modules").rename(promptfoo_folder / "node_modules").parent
    with StubServer() as stub:
        write_task(promptfoo_folder, code=code, models=f'target = "llamacpp/stub@{stub.base}"')
        unasked = call("eval", ".")
        assert unasked.code == 2
        assert "run promptfoo of node_modules" in unasked.err
        for words in (("eval", "."), ("eval", ".", "--trust"), ("optimize", ".", "--trust")):
            refused = call(*words, "--no-plugins")
            assert refused.code == 2
            assert "--no-plugins does not run code of a task" in refused.err
        assert not (home / "ran").exists()
        assert call("trust", ".", "--yes").code == 0
        agreed = call("eval", ".")
        assert agreed.code == 0, agreed.err
        assert (home / "ran").exists()
        (promptfoo_folder / "grade.js").write_text("process.exit()")
        assert call("eval", ".").code == 2, "a script that an assertion may name is code"


def test_promptfoo_beside_a_task_that_joins_others_needs_consent(call: Any, promptfoo_folder: Path) -> None:
    write_task(promptfoo_folder, code='[[evaluators]]\nuse = "promptfoo"\nmodules = "lib"\n')
    part = promptfoo_folder / "part"
    part.mkdir()
    for name in ("task.toml", "train.jsonl", "val.jsonl", "test.jsonl"):
        (promptfoo_folder / name).rename(part / name)
    (promptfoo_folder / "task.toml").write_text('tasks = ["part"]\n')
    result = call("eval", ".")
    assert result.code == 2
    assert "run promptfoo of node_modules" in result.err


def test_an_agent_cannot_agree() -> None:
    from maieutic.cli.app import app
    from maieutic.cli.mcp_tools import command_tools
    from typer.main import get_command

    tools = command_tools(get_command(app))
    assert "trust" not in {tool.name for tool in tools}
    assert not [tool.name for tool in tools if "trust" in {parameter.name for parameter in tool.parameters}]


def test_the_parts_that_import_functions_are_all_known() -> None:
    """Parts that know their folder and take a name of a function; `sql` reads files, `promptfoo` starts a package."""
    folders = {
        name
        for kind in ("evaluator", "target")
        for name, entry in builtin_registrations()[kind].items()
        if "folder" in parameters_of(import_factory(str(entry.factory)))
    }
    assert folders - {"sql", "promptfoo"} == FUNCTION_PARTS


def test_several_tasks_in_one_are_asked_about_together(folder: Path) -> None:
    write_task(folder, code=CODE["metric"][0])
    joined = folder / "joined"
    joined.mkdir()
    (joined / "task.toml").write_text('tasks = [".."]\nplugins = ["./more.py"]\n')
    assert [use.name for use in access_of_file(joined).code] == ["own.py:measure", "./more.py"]
