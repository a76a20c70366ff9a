"""How a text file is written, from its content: the encoding of bytes, the delimiter of a table."""

from __future__ import annotations

import csv
import io
from itertools import islice

_DELIMITERS = (";", "\t", ",", "|")
# Enough records to see that a delimiter divides them alike; a table is not read twice for it.
_SAMPLE_RECORDS = 50
# What office programs write where it is not UTF-8, by region. A free choice among all codecs guesses rare ones.
_ENCODINGS = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "gb18030", "big5", "euc_kr"]


def detect_encoding(data: bytes) -> str:
    """UTF-8 where the bytes are valid as such, else the likeliest of the encodings that office programs write."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _likely_encoding(data)
    return "utf-8"


def detect_delimiter(text: str, default: str) -> str:
    """The delimiter under which the first records have as many cells as the header; the default if none has."""
    others = [delimiter for delimiter in _DELIMITERS if delimiter != default]
    return next((delimiter for delimiter in (default, *others) if _divides(text, delimiter)), default)


def _likely_encoding(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=_ENCODINGS).best()
    if best is None:
        return "cp1252" if _decodes(data, "cp1252") else "utf-8"
    # Western and Central European code pages share most letters; where the text is the same, the usual one is named.
    western = data.decode("cp1252", errors="replace")
    return "cp1252" if western == data.decode(best.encoding, errors="replace") else best.encoding


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _divides(text: str, delimiter: str) -> bool:
    before = csv.field_size_limit(len(text) + 1)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        records = (cells for cells in reader if any(cell.strip() for cell in cells))
        widths = [len(cells) for cells in islice(records, _SAMPLE_RECORDS)]
    except csv.Error:
        return False
    finally:
        csv.field_size_limit(before)
    return bool(widths) and widths[0] > 1 and len(set(widths)) == 1
