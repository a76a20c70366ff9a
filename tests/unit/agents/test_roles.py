"""Each role and kind of evidence is described."""

from typing import get_args

from maieutic.agents.roles import EVIDENCE_KINDS, role_descriptions
from maieutic.core.asks import Evidence
from maieutic.core.models import ROLES


def test_every_role_is_described_once() -> None:
    assert sorted(one.role for one in role_descriptions()) == sorted(ROLES)
    assert set(EVIDENCE_KINDS) == set(get_args(Evidence))


def test_roles_name_their_instructions() -> None:
    by_role = {one.role: one.instructions for one in role_descriptions()}
    assert "student.edit.v1" in by_role["student"]
    assert "critic.judge-questions.v1" in by_role["critic"]
    assert not by_role["target"]
