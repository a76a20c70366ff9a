"""Applications that know nothing of Maieutic: a run binds their prompts, and its gateway takes their model calls."""

from .binding import model_in_use, prompt_in_use

__all__ = ["model_in_use", "prompt_in_use"]
