from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from maieutic.runtime.store.redaction import redact, redact_json

SECRETS = {
    "OPENAI_API_KEY": "sk-abcdefgh",
    "LONGER_TOKEN": "sk-abcdefghijkl",
    "db_password": "hunter2hunter2",
    "SHORT_SECRET": "1234567",
    "HOME": "/home/someone",
}


def test_secrets_are_replaced_by_their_names() -> None:
    text = "sk-abcdefgh, sk-abcdefghijkl, hunter2hunter2, 1234567, /home/someone"
    expected = "[OPENAI_API_KEY], [LONGER_TOKEN], [db_password], 1234567, /home/someone"
    assert redact(text, SECRETS) == expected


def test_texts_are_found_wherever_a_value_holds_them() -> None:
    value = {"sk-abcdefgh": [1, None, ("x sk-abcdefgh",)], "deep": {"er": "hunter2hunter2"}}
    expected = {"[OPENAI_API_KEY]": [1, None, ["x [OPENAI_API_KEY]"]], "deep": {"er": "[db_password]"}}
    assert redact_json(value, SECRETS) == expected


@given(before=st.text(), after=st.text())
def test_no_text_around_a_secret_lets_it_through(before: str, after: str) -> None:
    assert "hunter2hunter2" not in redact(f"{before}hunter2hunter2{after}", SECRETS)


@given(text=st.text())
def test_without_secrets_nothing_changes(text: str) -> None:
    assert redact(text, {}) == text
