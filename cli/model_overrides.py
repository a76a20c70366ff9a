"""Models and their options as a command line replaces them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageError

if TYPE_CHECKING:
    from ..core.models import ModelRef
    from ..core.task import Task


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
