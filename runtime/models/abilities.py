"""Whether a model can do what a call asks of it: tools and images. Looked at before anything is sent or reserved."""

from __future__ import annotations

from collections.abc import Collection

from ...core.errors import NeedsError
from ...core.messages import images_of
from ...core.models import Call, ModelRef
from .profile import ModelProfile, profile_of


def check_call(call: Call, parameters: Collection[str] | None = None) -> None:
    """Raises NeedsError where the model takes no tools or no images.

    parameters: those that the provider takes, where somebody knows; what is none of them would be left out unnoticed.
    """
    if call.tools:
        by_person = call.model.options.tools
        dropped = parameters is not None and "tools" not in parameters and by_person is None
        if profile_of(call.model).tools is False or dropped:
            names = ", ".join(tool.name for tool in call.tools)
            raise _lacks(call.model, "calls no tools", f"the tools {names}", "tools")
    if any(True for _ in images_of(call.messages)):
        check_images(call.model)
    if call.response_format is not None and parameters is not None and "response_format" not in parameters:
        raise NeedsError(
            f"{call.model.id} keeps to no form of answer",
            where="response_format",
            remedy="ask for the form in words, or name a model that takes response_format",
        )


def check_images(model: ModelRef) -> None:
    """Raises NeedsError for a model that reads text alone."""
    if not reads_images(profile_of(model)):
        raise _lacks(model, "reads text alone", "an image", "images")


def reads_images(profile: ModelProfile) -> bool:
    """A model that is in no table may; of those in the table, only those that it marks."""
    return profile.images if profile.images is not None else profile.source != "table"


def _lacks(model: ModelRef, what: str, request: str, option: str) -> NeedsError:
    return NeedsError(
        f"{model.id} {what}, and it is asked with {request}",
        where=f"model {model}",
        possible=("a model whose `maieutic models test` says yes", f"--model-option target.{option}=true"),
        remedy=f"name another model; if this one can, say so: --model-option target.{option}=true",
    )
