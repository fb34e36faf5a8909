"""Florists have grown place, hours and names, coupons editions, stock an index: their tables are made anew, filled from offset 0.

Products, which lie in MongoDB, get a new version, which ``deploy.migrations`` makes and the projector fills from offset 0.
Elsewhere a change of schema is a new version, filled by ``read rebuild`` beside the old one; nobody has used these in earnest.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.read import coupons_fold, stock, stores
from models.read.mysql import ddl

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop and make the live versions; may be cut short and repeated."""
    changed = {
        "stores": lambda version: [stores.table(version)],
        "coupons": coupons_fold.tables,
        "stock": stock.tables,
    }
    used = op.get_bind().execute(sa.text("SELECT COUNT(*) FROM read_positions")).scalar_one()
    for model, tables in changed.items():
        found = sa.text("SELECT version FROM read_models WHERE model = :model").bindparams(model=model)
        version = op.get_bind().execute(found).scalar_one()
        made = tables(version)
        for table in made:
            op.execute(sa.text(f"DROP TABLE IF EXISTS `{table.name}`"))
        op.execute(sa.text("DELETE FROM read_positions WHERE model = :model").bindparams(model=f"{model}_{version}"))
        for statement in ddl(made):
            op.execute(sa.text(statement))
    if used:
        # MySQL assigns from left to right.
        op.execute(sa.text("UPDATE read_models SET version = newest + 1, newest = version WHERE model = 'products'"))


def downgrade() -> None:
    """Never: read models are thrown away and rebuilt."""
    raise RuntimeError("read models are not migrated back: rebuild them with the older release")
