"""Florists have grown place, hours and names: their table is made anew, and filled from offset 0 of the log.

Elsewhere a change of schema is a new version, filled by ``read rebuild`` beside the old one; nobody has used this one in earnest.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.read import stores
from models.read.mysql import ddl

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop and make the live version; may be cut short and repeated."""
    version = op.get_bind().execute(sa.text("SELECT version FROM read_models WHERE model = 'stores'")).scalar_one()
    op.execute(sa.text(f"DROP TABLE IF EXISTS stores_{version}"))
    op.execute(sa.text("DELETE FROM read_positions WHERE model = :model").bindparams(model=f"stores_{version}"))
    for statement in ddl([stores.table(version)]):
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: read models are thrown away and rebuilt."""
    raise RuntimeError("read models are not migrated back: rebuild them with the older release")
