"""Words that are typical of some texts, to build prompts from."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[^\W\d_]{4,}")


def typical_words(texts: Sequence[str], count: int) -> list[str]:
    """The `count` words of highest weight (frequency times rarity) that occur in several texts but not in most."""
    if not count:
        return []
    document_counts = Counter(word for text in texts for word in dict.fromkeys(_WORD.findall(text.casefold())))
    weights = {word: many * math.log(len(texts) / many) for word, many in document_counts.items() if many > 1}
    return sorted(weights, key=lambda word: (-weights[word], word))[:count]
