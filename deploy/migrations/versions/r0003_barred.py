"""Accounts know in a column of its own whether they are suspended, for the index of those; made from what the row says already.

The indexes themselves are made by ``deploy.migrations``, as everything of a read model that is missing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to the live version, if that is there and has none; may be repeated."""
    bind = op.get_bind()
    version = bind.execute(sa.text("SELECT version FROM read_models WHERE model = 'accounts'")).scalar_one_or_none()
    if version is None:
        # An installation that has never heard of accounts gets them afterwards, as they are now.
        return
    name, known = f"accounts_{version}", sa.inspect(bind)
    if known.has_table(name) and "barred" not in {column["name"] for column in known.get_columns(name)}:
        op.execute(sa.text(f"ALTER TABLE `{name}` ADD COLUMN barred BOOL GENERATED ALWAYS AS (suspended <> '') STORED"))


def downgrade() -> None:
    """Never: read models are thrown away and rebuilt."""
    raise RuntimeError("read models are not migrated back: rebuild them with the older release")
