"""Florists have grown place, hours and names, coupons editions, stock an index: their tables are made anew, filled from offset 0.

Elsewhere a change of schema is a new version, filled by ``read rebuild`` beside the old one; nobody has used these in earnest. Of
the products, which lie in MongoDB, an installation that is older makes a new version: ``read rebuild products``.
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
    for model, tables in changed.items():
        found = sa.text("SELECT version FROM read_models WHERE model = :model").bindparams(model=model)
        version = op.get_bind().execute(found).scalar_one()
        made = tables(version)
        for table in made:
            op.execute(sa.text(f"DROP TABLE IF EXISTS `{table.name}`"))
        op.execute(sa.text("DELETE FROM read_positions WHERE model = :model").bindparams(model=f"{model}_{version}"))
        for statement in ddl(made):
            op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: read models are thrown away and rebuilt."""
    raise RuntimeError("read models are not migrated back: rebuild them with the older release")
