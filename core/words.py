"""Words of a text in any language, also of scripts that put no spaces between them."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Thai, Lao, Burmese, Khmer, kana, and Chinese characters. Korean separates words by spaces.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_CHARACTER = re.compile(rf"[{_UNSPACED}]")
UNIT = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
# Full-width stops, commas, brackets and quotes stand without spaces too.
_FULL_WIDTH = "\u3001-\u3003\u3008-\u3011\u3014-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
TOKEN = re.compile(rf"[{_UNSPACED}{_FULL_WIDTH}]|[^\s{_UNSPACED}{_FULL_WIDTH}]+")
_TIGHT = re.compile(rf"[{_UNSPACED}{_FULL_WIDTH}]")
# Both kinds of scripts have these.
_QUOTES = "“”‘’"
# Korean words take endings, as `서울은`, so that a name may touch other letters there too.
_BOUND_LETTER = rf"[^\W{_UNSPACED}\uac00-\ud7af]"
_BOUND = re.compile(_BOUND_LETTER)
# Abbreviations and numbers have a full stop without a space behind it, full-width stops have none.
_SENTENCE = re.compile(r"[^\n]+?(?:[.!?]+(?=\s|$)|[。！？｡…]+[”’」』）)]*|(?=\n)|$)\s*")
# A Chinese word has about 1.7 characters, a Japanese one more.
UNSPACED_CHARACTERS_PER_WORD = 2
# A rule of thumb for English that needs no tokenizer; estimates based on it have a margin.
CHARACTERS_PER_TOKEN = 4


def word_units(text: str) -> list[str]:
    """Words in lower case; of scripts without spaces each character."""
    return UNIT.findall(text.casefold())


def is_unspaced(text: str) -> bool:
    """Whether a text begins with a character of a script without spaces."""
    return _UNSPACED_CHARACTER.match(text) is not None


def count_words(text: str) -> int:
    """How many words a text has; of scripts without spaces, two characters count as one."""
    units = word_units(text)
    unspaced = sum(map(is_unspaced, units))
    return len(units) - unspaced + -(-unspaced // UNSPACED_CHARACTERS_PER_WORD)


def split_tokens(text: str) -> list[str]:
    """What stands between spaces, as `str.split` does; of scripts without spaces each character is one."""
    return TOKEN.findall(text)


def length_in_words(text: str) -> int:
    """The length in words as `str.split` counts them; of scripts without spaces, two characters count as one."""
    unspaced = count_unspaced(text)
    if not unspaced:
        return len(text.split())
    others = _TIGHT.sub(" ", text).split()
    return sum(any(map(str.isalnum, word)) for word in others) + -(-unspaced // UNSPACED_CHARACTERS_PER_WORD)


def join_tokens(tokens: Sequence[str]) -> str:
    """Tokens as running text, with spaces where their scripts have them."""
    text = ""
    for token in tokens:
        text += f" {token}" if needs_space(text, token) else token
    return text


def needs_space(before: str, after: str) -> bool:
    """Whether a space belongs between two texts: not at their ends, nor beside a script that has none."""
    if not before or not after or before[-1].isspace() or after[0].isspace():
        return False
    last, first = before.rstrip(_QUOTES)[-1:], after.lstrip(_QUOTES)[:1]
    return not (_TIGHT.match(last) or _TIGHT.match(first))


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, with the white space behind it; the end of a line ends a sentence."""
    return [match.span() for match in _SENTENCE.finditer(text) if match.group().strip()]


def whole_words(pattern: str) -> str:
    """A regular expression that matches where no letter of the same word stands before or behind.

    In scripts without spaces any place is the beginning of a word.
    """
    return rf"(?<!{_BOUND_LETTER})(?:{pattern})(?!{_BOUND_LETTER})"


def is_whole_word(text: str, start: int, end: int) -> bool:
    """Whether a part of a text stands so; without a pattern of its own, which takes long to compile."""
    return not (_BOUND.match(text[start - 1 : start]) or _BOUND.match(text[end : end + 1]))


def count_unspaced(text: str) -> int:
    """How many characters belong to scripts without spaces."""
    return len(_UNSPACED_CHARACTER.findall(text))


def estimate_tokens(text: str) -> int:
    """Estimated tokens: one for four characters, and one for each character of a script without spaces."""
    return int(expected_tokens(text))


def expected_tokens(text: str) -> float:
    """The same, with fractions, for sums over many texts."""
    unspaced = count_unspaced(text)
    return unspaced + (len(text) - unspaced) / CHARACTERS_PER_TOKEN
