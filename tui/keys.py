"""Keys that a person changed: `keys.toml` in the configuration folder, names of bindings to keys."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = "keys.toml"


@dataclass(frozen=True, kw_only=True)
class Keymap:
    """chosen: binding → keys, comma-separated. complaints: what could not be used, for the screen to say."""

    chosen: Mapping[str, str] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()


def keymap_path() -> Path:
    """`MAIEUTIC_CONFIG` names another folder than the platform's."""
    if folder := os.environ.get("MAIEUTIC_CONFIG"):
        return Path(folder) / FILE
    from platformdirs import user_config_dir

    return Path(user_config_dir("maieutic")) / FILE


def load_keymap(path: Path, known: Iterable[str]) -> Keymap:
    """Never raises: a file that cannot be used is a complaint, and the keys are as they come."""
    import tomllib  # few people have such a file

    names = set(known)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Keymap()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Keymap(complaints=(f"{path}: {error}",))
    wanted = told.get("keys", told)
    if not isinstance(wanted, Mapping):
        return Keymap(complaints=(f'{path}: [keys] holds lines such as run.pause = "ctrl+p"',))
    flat = dict(_flatten(wanted))
    chosen = {name: keys for name, keys in flat.items() if name in names and keys}
    return Keymap(
        chosen=chosen,
        complaints=tuple(f"{path}: there is no binding {name!r}" for name in flat if name not in names),
    )


def _flatten(table: Mapping[str, object], before: str = "") -> Iterable[tuple[str, str]]:
    """TOML reads `run.pause` as a table in a table; here it is one name."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{before}{name}.")
        elif isinstance(value, str):
            yield f"{before}{name}", value
        elif isinstance(value, list):
            yield f"{before}{name}", ",".join(str(one) for one in value)
