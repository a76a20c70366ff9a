"""Hosts that a task names, and the keys that its models would send there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...core.models import ModelRef
from ...runtime.models.providers import (
    OPENAI_COMPATIBLE,
    is_loopback,
    is_own_host,
    is_own_key,
    key_variable,
)

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
# Fields of a request that litellm takes for itself: address, key, headers, credentials, another model.
_CONTROL_FIELD = re.compile(
    r"^(?:model|base_url|client|proxy|proxies|organization)$|api_|_url|url_|endpoint|host|header|secret|credential|"
    r"provider|callback|fallback|router|_key|key_|^(?:aws|azure|vertex|watsonx|litellm|sagemaker|oci)_",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class HostUse:
    """A host that the task names, and the key it would get. model: what is called there."""

    address: str
    key: str
    model: str

    def __str__(self) -> str:
        is_unset = self.key.isidentifier() and not os.environ.get(self.key)
        key = f"{self.key} (not set now)" if is_unset else self.key
        return f"send {key} and the examples to {self.address} (model {self.model})"


def host_use(model: ModelRef) -> HostUse | None:
    """Where a model of a task sends a key, unless that is the provider's own, or this machine without any key."""
    if model.provider == "local":
        return None
    variable = key_variable(model)
    key = variable or f"the key of {model.provider}"
    address = model.api_base or next(iter(ADDRESS.findall(model.name)), None)
    compatible = model.provider in OPENAI_COMPATIBLE and model.api_base is not None
    if not compatible:
        for name, value in model.options.extra:
            if _CONTROL_FIELD.search(name):
                return HostUse(address=f"where extra.{name} = {value[:120]} says", key=key, model=model.id)
    if address is None:
        if is_own_key(model.provider, model.key_env):
            return None
        return HostUse(address=f"the provider {model.provider}", key=key, model=model.id)
    if is_own_host(model.provider, address) and is_own_key(model.provider, variable):
        return None
    if compatible and is_loopback(address) and not os.environ.get(variable or ""):
        return None
    return HostUse(address=address, key=key, model=model.id)


def model_hosts(models: Iterable[ModelRef]) -> Iterator[HostUse]:
    for model in models:
        if (use := host_use(model)) is not None:
            yield use
