"""Every `MAIEUTIC_*` environment variable, read in this one place.

Import this module inside the function that needs it: pydantic-settings takes a tenth of a second to load, and most
commands read no variable.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ..core.errors import UsageError

_PREFIX = "MAIEUTIC_"


class Settings(BaseSettings):
    """The variables by their names without `MAIEUTIC_`, in lower case.

    Attributes:
        ascii: draw the terminal UI with ASCII characters only. Also on where the locale is not UTF-8.
        cache: folder for downloaded model weights; default: the user's cache folder.
        checkpoints: `postgresql://…` keeps LangGraph's checkpoints there; default: a SQLite file beside the store.
        config: folder with `keys.toml` and `trusted.json`; default: the user's configuration folder.
        folder: project folder of the LangGraph server's graph.
        log: level of standard logging for a command: debug, info, warning or error.
        noise_key: makes the noise of differential privacy repeatable. Keep it secret.
        otel: OpenTelemetry spans: off, on (the application's tracer provider), console or otlp.
        plugins: installed plugins that may be used, separated by commas. Unset allows all, empty none.
        plugins_strict: a plugin that does not load is an error at once.
        task: task of the LangGraph server's graph, a file or folder.
        trust: tasks that may run their code and use their hosts: `1` for all, or folders, separated as in PATH.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="ignore")

    ascii: bool = False
    cache: Path | None = None
    checkpoints: str = ""
    config: Path | None = None
    folder: Path | None = None
    log: str = ""
    noise_key: str = Field(default="", repr=False)
    otel: str = ""
    plugins: Annotated[tuple[str, ...] | None, NoDecode] = None
    plugins_strict: bool = False
    task: str = ""
    trust: str = ""

    @field_validator("plugins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value

    @field_validator("ascii", "plugins_strict", mode="before")
    @classmethod
    def _empty_is_false(cls, value: Any) -> Any:
        return False if value == "" else value

    @field_validator("cache", "config", "folder", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value


def settings() -> Settings:
    """The settings in force now. Raises UsageError for a variable with an unusable value."""
    return _read(tuple(os.environ.get(name) for name in _VARIABLES))


_VARIABLES = tuple(_PREFIX + name.upper() for name in Settings.model_fields)


@lru_cache(maxsize=1)
def _read(values: tuple[str | None, ...]) -> Settings:
    """Cached by the variables' values, because spans ask before each model call."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(
            f"{first['input']!r} cannot be used: {first['msg'][:1].lower()}{first['msg'][1:]}",
            where=_PREFIX + str(first["loc"][0]).upper(),
        ) from error
