"""Words of a text in any language, also of scripts that put no spaces between them."""

from __future__ import annotations

import re

# Thai, Lao, Burmese, Khmer, kana, and Chinese characters. Korean separates words by spaces.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_CHARACTER = re.compile(rf"[{_UNSPACED}]")
_UNIT = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
# A Chinese word has about 1.7 characters, a Japanese one more.
UNSPACED_CHARACTERS_PER_WORD = 2
# A rule of thumb for English that needs no tokenizer; estimates based on it have a margin.
CHARACTERS_PER_TOKEN = 4


def word_units(text: str) -> list[str]:
    """Words in lower case; of scripts without spaces each character."""
    return _UNIT.findall(text.casefold())


def is_unspaced(text: str) -> bool:
    """Whether a text begins with a character of a script without spaces."""
    return _UNSPACED_CHARACTER.match(text) is not None


def count_words(text: str) -> int:
    """How many words a text has; of scripts without spaces, two characters count as one."""
    units = word_units(text)
    unspaced = sum(map(is_unspaced, units))
    return len(units) - unspaced + -(-unspaced // UNSPACED_CHARACTERS_PER_WORD)


def count_unspaced(text: str) -> int:
    """How many characters belong to scripts without spaces."""
    return len(_UNSPACED_CHARACTER.findall(text))


def estimate_tokens(text: str) -> int:
    """Estimated tokens: one for four characters, and one for each character of a script without spaces."""
    unspaced = count_unspaced(text)
    return unspaced + (len(text) - unspaced) // CHARACTERS_PER_TOKEN
