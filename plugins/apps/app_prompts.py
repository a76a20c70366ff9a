"""The prompts of a run as its application asks for them."""

from __future__ import annotations

from typing import Any, TypeVar

from ...core.errors import UsageError
from .binding import current_binding
from .prompt_shapes import in_shape_of

P = TypeVar("P")


class AppPrompts(dict[str, Any]):
    """The prompts of a run by name; a name that the run does not have is an error that says what to do."""

    def __missing__(self, name: str) -> Any:
        raise UsageError(
            f"this run has no prompt {name!r}",
            where="the application's prompts",
            possible=sorted(self),
            remedy=f"name it in the task, or give the run the application's own: own_prompts = {{{name} = …}}",
        )


def prompt_in_use(name: str, otherwise: P) -> P:
    """The prompt of the current run, or the application's own outside of a run.

    Args:
        name: The prompt's name in the task.
        otherwise: The application's own prompt: a text, a message or a template.

    Returns:
        A prompt of the same type as `otherwise`. A template keeps its variables and its placeholders for messages. With
        the target's option `form = "template"`, a template with the variable `input`, whatever `otherwise` is.
    """
    binding = current_binding()
    prompt: Any = None if binding is None else binding.prompts.get(name)
    if binding is None or prompt is None:
        return otherwise
    if not isinstance(prompt, str) or isinstance(otherwise, str) or otherwise is None or name not in binding.sources:
        return prompt  # type: ignore[no-any-return]
    shaped: P = in_shape_of(binding.sources[name], otherwise)
    return shaped
