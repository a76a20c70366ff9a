"""What counts as an application, and how a factory makes one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ...core.errors import UsageError
from ..system.imports import parameters_of

_MODEL_NAMES = ("model", "chat_model")
_FACTORY_NAMES = frozenset({*_MODEL_NAMES, "prompts"})


def is_runnable(app: Any) -> bool:
    return callable(getattr(app, "ainvoke", None))


def is_factory(app: Any) -> bool:
    """Whether a function makes the application from prompts, so that each program has one of its own."""
    required = _required(app)
    return required is not None and "prompts" in required and _FACTORY_NAMES.issuperset(required)


def build_app(factory: Any, prompts: Mapping[str, Any]) -> Any:
    """The application that a factory makes for a program's prompts."""
    from .chat import GatewayChat

    values: dict[str, Any] = {"prompts": prompts, **dict.fromkeys(_MODEL_NAMES, GatewayChat())}
    return _compiled(factory(**{name: values[name] for name in _required(factory) or ()}))


def resolve_app(app: Any) -> Any:
    """The application, from a factory that takes only the model, or from a graph that is not compiled.

    Raises UsageError for what is none.
    """
    required = _required(app)
    if required is not None and len(required) == 1 and required[0] in _MODEL_NAMES:
        from .chat import GatewayChat

        app = app(GatewayChat())
    elif required == [] and not parameters_of(app):
        app = app()
    return _compiled(app)


def takes_messages(app: Any) -> bool:
    """Whether a graph's input is a conversation, as that of most agents."""
    if not callable(getattr(app, "get_input_jsonschema", None)):
        return False
    try:
        schema = app.get_input_jsonschema()
    except Exception:  # noqa: BLE001 - a state that has no JSON schema says nothing about its input
        return False
    properties = schema.get("properties") or {}
    return "messages" in properties and "input" not in properties


def _required(app: Any) -> list[str] | None:
    """The parameters that a function must be given; None for what is no plain function."""
    parameters = parameters_of(app) if inspect.isfunction(app) else None
    return None if parameters is None else [name for name, p in parameters.items() if p.default is p.empty]


def _compiled(app: Any) -> Any:
    if not is_runnable(app) and callable(getattr(app, "compile", None)):
        app = app.compile()
    if not is_runnable(app) and not callable(app):
        raise UsageError(
            f"a {type(app).__name__} is not an application",
            where="[target] app",
            possible=(
                "a LangGraph graph",
                "a LangChain Runnable",
                "a function",
                "a factory f(model), f(prompts) or f(model, prompts)",
            ),
        )
    return app
