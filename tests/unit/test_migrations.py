"""Migrations are one line: a branch is found here, and not by whoever brings a stack up next."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from deploy.migrations.__main__ import config


def test_every_revision_follows_the_one_before() -> None:
    found = [one.revision for one in ScriptDirectory.from_config(config()).walk_revisions("base", "heads")][::-1]
    assert found == [f"r{number:04}" for number in range(1, len(found) + 1)]
    assert len(found) >= 5
