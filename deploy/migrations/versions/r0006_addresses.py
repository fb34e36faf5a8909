"""Accounts have an address book: there was none before, so nothing is missing in what is there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to the live version, if that is there and has none; may be repeated."""
    bind = op.get_bind()
    version = bind.execute(sa.text("SELECT version FROM read_models WHERE model = 'accounts'")).scalar_one_or_none()
    if version is None:
        # As in r0003: such an installation gets accounts afterwards, as they are now.
        return
    name, known = f"accounts_{version}", sa.inspect(bind)
    if known.has_table(name) and "addresses" not in {column["name"] for column in known.get_columns(name)}:
        op.execute(sa.text(f"ALTER TABLE `{name}` ADD COLUMN addresses TEXT NULL"))


def downgrade() -> None:
    """Never: read models are thrown away and rebuilt."""
    raise RuntimeError("read models are not migrated back: rebuild them with the older release")
