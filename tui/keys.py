"""Remapped keys: `keys.toml` in the configuration folder, from names of bindings to keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = "keys.toml"


@dataclass(frozen=True, kw_only=True)
class Keymap:
    """bindings: name → keys, comma-separated. errors: what could not be used, for the screen to show."""

    bindings: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()


def keymap_path() -> Path:
    """`MAIEUTIC_CONFIG` names another folder than the platform's."""
    from ..runtime.settings import settings

    if (folder := settings().config) is not None:
        return folder / FILE
    from platformdirs import user_config_dir

    return Path(user_config_dir("maieutic")) / FILE


def load_keymap(path: Path, binding_names: Iterable[str]) -> Keymap:
    """Never raises: a file that cannot be used is an error to show, and the default keys stay."""
    import tomllib  # few people have such a file

    names = set(binding_names)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Keymap()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Keymap(errors=(f"{path}: {error}",))
    table = document.get("keys", document)
    if not isinstance(table, Mapping):
        return Keymap(errors=(f'{path}: [keys] holds lines such as run.pause = "ctrl+p"',))
    keys_by_name = dict(_flatten(table))
    return Keymap(
        bindings={name: keys for name, keys in keys_by_name.items() if name in names and keys},
        errors=tuple(f"{path}: there is no binding {name!r}" for name in keys_by_name if name not in names),
    )


def _flatten(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, str]]:
    """TOML reads `run.pause` as a table in a table; here it is one name."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        elif isinstance(value, str):
            yield f"{prefix}{name}", value
        elif isinstance(value, list):
            yield f"{prefix}{name}", ",".join(str(key) for key in value)
