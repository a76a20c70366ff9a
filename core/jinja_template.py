"""Templates in Jinja, rendered in a sandbox: a prompt of somebody else must not run code, nor eat all memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

# They make texts of any size from a short one.
_LEFT_OUT_FILTERS = ("center", "format", "wordwrap", "indent")
# Far above any number that a prompt multiplies; a repeated text of this size is no prompt.
_MAX_PRODUCT = 100_000
_MAX_TEMPLATES = 256  # the candidates of a long run


def jinja_names(text: str) -> tuple[str, ...]:
    """The names that a template reads, sorted. Raises UsageError for a text that is no template."""
    from jinja2 import TemplateSyntaxError, meta

    try:
        return tuple(sorted(meta.find_undeclared_variables(_environment().parse(text))))
    except TemplateSyntaxError as error:
        raise _syntax_error(error) from error


def render_jinja(text: str, values: Mapping[str, Any]) -> str:
    """The template with values; a missing one is empty, as Jinja has it.

    Raises UsageError for a text that is no template, or does what the sandbox does not allow.
    """
    from jinja2 import TemplateError

    try:
        return _template(text).render(dict(values))
    except (TemplateError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"the template cannot be rendered: {error}"[:300],
            where="template",
            remedy="correct it, or write the prompt with {name} for each field",
        ) from error


@lru_cache(maxsize=_MAX_TEMPLATES)
def _template(text: str) -> Template:
    from jinja2 import TemplateSyntaxError

    try:
        return _environment().from_string(text)
    except TemplateSyntaxError as error:
        raise _syntax_error(error) from error


def _syntax_error(error: Any) -> UsageError:
    return UsageError(
        f"the template is not valid Jinja: {error.message}",
        where=f"line {error.lineno}",
        remedy='correct it, or write template = "braces" and {name} for each field',
    )


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class PromptEnvironment(ImmutableSandboxedEnvironment):
        """Without globals, so without `range`: a loop is as long as the data. No product makes a huge text."""

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            numbers = all(isinstance(value, int | float) and abs(value) <= _MAX_PRODUCT for value in (left, right))
            if operator == "**" or not numbers:
                raise SecurityError(f"{operator} of these values is not allowed in a prompt")
            return super().call_binop(context, operator, left, right)

    environment = PromptEnvironment(autoescape=False, keep_trailing_newline=True)
    environment.globals.clear()
    for name in _LEFT_OUT_FILTERS:
        environment.filters.pop(name, None)
    return environment
