"""What a new plugin may be called."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from maieutic.core.errors import UsageError
from maieutic.testing.scaffold import write_project


@pytest.mark.parametrize("name", ["my_plugin", "my-plugin"])
def test_an_underscore_is_a_dash_of_the_distribution(tmp_path: Path, name: str) -> None:
    made = write_project(name, tmp_path)
    assert made == tmp_path / "my-plugin"
    told = tomllib.loads((made / "pyproject.toml").read_text(encoding="utf-8"))
    assert (told["project"]["name"], told["project"]["entry-points"]["maieutic"]) == (
        "my-plugin",
        {"my-plugin": "my_plugin"},
    )
    assert (made / "my_plugin.py").is_file()


@pytest.mark.parametrize("name", ["class", "import", "My-Plugin", "1st", "two--dashes", "_private", "", "a/b"])
def test_a_name_that_no_module_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_project(name, tmp_path)
    assert repr(name) in caught.value.what
    assert not list(tmp_path.iterdir())
