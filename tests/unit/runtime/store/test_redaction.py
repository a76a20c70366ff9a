from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.runtime.store import redaction
from maieutic.runtime.store.redaction import Redactor, redact, redact_json

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


@pytest.mark.parametrize(
    ("key", "is_masked"),
    [
        ("anything", False),
        ("Password", False),
        ("NOTNEEDED", False),
        ("anything1", True),
        ("not-needed", True),
        ("aBcDeFgH", True),
        ("abcdefghijkl", True),
    ],
)
def test_a_plain_word_for_a_key_of_a_local_endpoint_stays_a_word(key: str, is_masked: bool) -> None:
    """Else prompts that say `anything else` were stored, and sent, with a bracket in its place."""
    assert (redact(f"use {key} else", {"OPENAI_API_KEY": key}) != f"use {key} else") is is_masked


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


def test_the_environment_is_read_again_only_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def is_key(name: str) -> bool:
        names.append(name)
        return name == "LATER_KEY"

    monkeypatch.setattr(redaction, "_is_key", is_key)
    monkeypatch.setenv("LATER_KEY", "first-value-of-it")
    redactor = Redactor()
    assert redactor.text("first-value-of-it") == "[LATER_KEY]"
    count = len(names)
    assert redactor.text("another first-value-of-it") == "another [LATER_KEY]"
    assert len(names) == count
    monkeypatch.setenv("LATER_KEY", "second-value-of-it")
    assert redactor.text("second-value-of-it") == "[LATER_KEY]"
    assert len(names) > count
    monkeypatch.delenv("LATER_KEY")
    assert redactor.text("second-value-of-it") == "second-value-of-it"
