"""Prompts of any shape, for what every export has to carry."""

from __future__ import annotations

from hypothesis import strategies as st
from maieutic.core.prompt import Demo, Format, Prompt, Section


def prompts_of(words: st.SearchStrategy[str], instructions: st.SearchStrategy[str]) -> st.SearchStrategy[Prompt]:
    """Prompts with these instructions, the system message included; all their other texts are the words."""
    return st.builds(
        Prompt,
        system=instructions,
        instruction=instructions,
        sections=st.lists(st.builds(Section, name=words, text=words), max_size=1).map(tuple),
        demos=st.lists(st.builds(Demo, input=words, output=words), max_size=2).map(tuple),
        format=st.builds(
            Format,
            placement=st.sampled_from(["user", "system", "first"]),
            demos=st.sampled_from(["turns", "text"]),
            input_prefix=words,
            output_prefix=words,
        ),
    )
