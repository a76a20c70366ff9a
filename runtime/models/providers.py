"""What is known of providers by name: who speaks OpenAI's protocol, which variable holds a key, and whose hosts get it.

Light: the command line reads it before any client is loaded.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from ...core.models import ModelRef

OPENAI_COMPATIBLE = frozenset(
    {
        "custom_openai",
        "deepseek",
        "fireworks_ai",
        "groq",
        "hosted_vllm",
        "llamacpp",
        "llamafile",
        "lm_studio",
        "mistral",
        "ollama",
        "openai",
        "openai_like",
        "openrouter",
        "together_ai",
        "vllm",
        "xinference",
    }
)
# Where a provider's own key may go without a question, over https only.
_OWN_HOSTS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("api.anthropic.com",),
    "cohere": ("api.cohere.com", "api.cohere.ai"),
    "deepseek": ("api.deepseek.com",),
    "fireworks_ai": ("api.fireworks.ai",),
    "gemini": ("generativelanguage.googleapis.com",),
    "groq": ("api.groq.com",),
    "mistral": ("api.mistral.ai", "codestral.mistral.ai"),
    "openai": ("api.openai.com", "eu.api.openai.com", "us.api.openai.com"),
    "openrouter": ("openrouter.ai",),
    "perplexity": ("api.perplexity.ai",),
    "together_ai": ("api.together.xyz", "api.together.ai"),
    "xai": ("api.x.ai",),
}
# Further names of the variable that holds a provider's key; the first is always PROVIDER_API_KEY.
_KEY_NAMES: Mapping[str, tuple[str, ...]] = {
    "fireworks_ai": ("FIREWORKS_API_KEY",),
    "gemini": ("GOOGLE_API_KEY",),
    "huggingface": ("HF_TOKEN",),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY"),
}
_HOST_NAME = re.compile(r"[a-z0-9.-]+|[0-9a-f:]+")


def default_key_variable(provider: str) -> str:
    return f"{provider.upper().replace('-', '_')}_API_KEY"


def key_variable(model: ModelRef) -> str | None:
    """The variable with the key of a model; None where litellm looks for its provider's key itself."""
    if model.key_env:
        return model.key_env
    return default_key_variable(model.provider) if model.api_base else None


def is_own_key(provider: str, variable: str | None) -> bool:
    """Whether a variable is where the provider's own key is looked for."""
    return variable is None or variable in (default_key_variable(provider), *_KEY_NAMES.get(provider, ()))


def is_own_host(provider: str, address: str) -> bool:
    """Whether an address is one of the provider's own, so that its key is at home there."""
    return address.startswith("https://") and host_of(address) in _OWN_HOSTS.get(provider, ())


def host_of(address: str) -> str:
    """The host of an address, in lower case; empty where it cannot be told for certain."""
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
    return host if _HOST_NAME.fullmatch(host) else ""


def is_loopback(address: str) -> bool:
    """Whether an address is on this machine and cannot be another by a trick of its name."""
    host = host_of(address)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
