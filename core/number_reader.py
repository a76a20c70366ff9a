"""Numbers in outputs and in references, in the spellings of the common locales.

An output is read tolerantly, the last number of the answer counts. A reference is read strictly: it is the user's
truth, and one that could mean two values is refused. Ranges, dates and times are no number in either.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .answer_markers import boxed_answer, marked_answer, normalize_characters

# Whole numbers up to here are exact as floats.
_MAX_EXACT = 1e15
_CURRENCY = r"[$€£¥₹₩₽₺₫฿]|\b(?:USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CAD|AUD)\b"
_SPACE = "[ \u00a0\u2009\u202f]"
_DIGITS = rf"\d{{1,3}}(?:{_SPACE}\d{{3}})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,']\d+)*|[.]\d+"
_NUMBER = re.compile(
    rf"(?P<before>{_CURRENCY})?[ ]?(?P<sign>(?<![\w.,)])[-+])?(?P<before2>{_CURRENCY})?[ ]?"
    rf"(?P<digits>{_DIGITS})(?P<exponent>[eE][-+]?\d+)?"
    rf"(?:[ ]?[/\u2044][ ]?(?P<divisor>\d+(?![\d/\u2044.])))?[ ]?(?P<after>{_CURRENCY})?(?P<percent>[ ]?%)?",
    re.IGNORECASE,
)
_NO_NUMBER = re.compile(
    r"\d{4}-\d{1,2}(?:-\d{1,2})?(?![\d])"  # 2024-05-01
    r"|\d{1,2}[./]\d{1,2}[./]\d{2,4}(?!\d)"  # 1.5.2024
    r"|(?<![\d])\d{1,2}:\d{2}(?::\d{2})?"  # 10:30
    r"|\d[\d.,]*\s*(?:–|—|~|～|\bto\b|\bbis\b|\bà\b)\s*\d[\d.,]*"
    r"|(?<![\w-])\d+(?:\.\d+)?-\d+(?:\.\d+)?(?![\w-])",  # 5-7
    re.IGNORECASE,
)
_VULGAR_FRACTION = re.compile(r"(\d+)?\s?([¼-¾⅐-⅞])")
_UNIT = re.compile(r"[^\W\d_]{1,12}[²³]?|%|°[CF]?|°", re.UNICODE)


@dataclass(frozen=True, kw_only=True)
class _NumberToken:
    """A number in a text. currency: whether a currency stands beside it."""

    value: float
    digits: str
    start: int
    end: int
    currency: bool


def read_number(output: str) -> str | None:
    """The number that an output gives as its answer, as canonical decimal text; None if it cannot be told.

    Behind a marker (`Answer:`, `####`, a box) the clause has to give one number: a sum's result behind `=`, a
    currency amount before bare counts. Without a marker the last number of the output counts.
    """
    text = normalize_characters(_decimal_fractions(output))
    for clause in (boxed_answer(text), marked_answer(text)):
        if clause is not None and re.search(r"\d", clause):
            return _canonical(_one_number(clause))
    tokens = _tokens(text)
    last_range = max((match.end() for match in _NO_NUMBER.finditer(text)), default=-1)
    if not tokens or last_range > tokens[-1].end:
        return None
    return _canonical(tokens[-1].value)


def read_reference_number(reference: str) -> str | None:
    """The value of a reference, as canonical decimal text; None if it is not exactly one unambiguous number.

    A currency, a percent sign or one unit may stand beside it. A worked solution counts by the number behind its
    `####`. `1,5` is refused: it is 1.5 in one country and a typing error in another.
    """
    text = normalize_characters(_decimal_fractions(reference)).strip()
    if (final := re.search(r"####\s*([^\n]+)\s*\Z", text)) is not None:
        text = final[1].strip()
    if _NO_NUMBER.search(text):
        return None
    tokens = _tokens(text)
    if len(tokens) != 1:
        return None
    token = tokens[0]
    rest = f"{text[: token.start]} {text[token.end :]}".strip(" .")
    lone_comma = re.fullmatch(r"(\d+),(\d+)", token.digits)
    if lone_comma is not None and (len(lone_comma[2]) != 3 or lone_comma[1] == "0"):
        return None
    if rest and not _UNIT.fullmatch(rest):
        return None
    return _canonical(token.value)


def _decimal_fractions(text: str) -> str:
    """Write `1½` as 1.5: NFKC would make eleven halves of it."""
    return _VULGAR_FRACTION.sub(lambda match: repr(int(match[1] or 0) + unicodedata.numeric(match[2])), text)


def _one_number(clause: str) -> float | None:
    if _NO_NUMBER.search(clause):
        return None
    tokens = _tokens(clause.rsplit("=", 1)[-1]) or _tokens(clause)
    if len({token.value for token in tokens}) == 1:
        return tokens[0].value
    amounts = {token.value for token in tokens if token.currency}
    return amounts.pop() if len(amounts) == 1 else None


def _tokens(text: str) -> list[_NumberToken]:
    """All numbers of a text but those inside dates, times and ranges."""
    blocked = [match.span() for match in _NO_NUMBER.finditer(text)]
    tokens = []
    for match in _NUMBER.finditer(text):
        if any(low <= match.start("digits") < high for low, high in blocked):
            continue
        value = _value(match["digits"], match["exponent"] or "")
        if value is None:
            continue
        if match["divisor"]:
            if float(match["divisor"]) == 0:
                continue
            value /= float(match["divisor"])
        value = -value if match["sign"] == "-" else value
        currency = any(match[name] for name in ("before", "before2", "after"))
        tokens.append(
            _NumberToken(value=value, digits=match["digits"], start=match.start(), end=match.end(), currency=currency)
        )
    return tokens


def _value(digits: str, exponent: str) -> float | None:
    """The value of digits with separators. Both `.` and `,`: the later one is the decimal mark. One of them more than
    once: thousands. One comma alone: thousands before exactly three digits, else decimal. One dot alone: decimal."""
    plain = re.sub(rf"{_SPACE}|'", "", digits)
    dots, commas = plain.count("."), plain.count(",")
    if dots and commas:
        decimal = "." if plain.rindex(".") > plain.rindex(",") else ","
        thousands = "," if decimal == "." else "."
        if plain.count(decimal) > 1:
            return None
        plain = plain.replace(thousands, "").replace(decimal, ".")
    elif commas:
        tail = plain.rpartition(",")[2]
        groups = commas > 1 or (len(tail) == 3 and not plain.startswith("0,"))
        plain = plain.replace(",", "") if groups else plain.replace(",", ".")
    elif dots > 1:
        plain = plain.replace(".", "")
    try:
        return float(plain + exponent)
    except ValueError:
        return None


def _canonical(value: float | None) -> str | None:
    if value is None or value in (float("inf"), float("-inf")):
        return None
    return str(int(value)) if value.is_integer() and abs(value) < _MAX_EXACT else repr(value)
