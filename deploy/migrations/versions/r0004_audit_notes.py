"""The audit log has grown what admins wrote: its tables are made anew, filled from offset 0."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.read import audit
from models.read.mysql import ddl

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop and make the live version; may be cut short and repeated."""
    version = op.get_bind().execute(sa.text("SELECT version FROM read_models WHERE model = 'audit'")).scalar_one_or_none()
    if version is None:
        # An installation that has never heard of the audit log gets it afterwards, as it is now.
        return
    made = audit.tables(version)
    for table in made:
        op.execute(sa.text(f"DROP TABLE IF EXISTS `{table.name}`"))
    op.execute(sa.text("DELETE FROM read_positions WHERE model = :model").bindparams(model=f"audit_{version}"))
    for statement in ddl(made):
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: read models are thrown away and rebuilt."""
    raise RuntimeError("read models are not migrated back: rebuild them with the older release")
