"""The registry of read models, their positions, and version 1 of those in MySQL.

Read models that came later are made by ``deploy.migrations`` itself, which adds whatever is missing. Later changes of a schema are
a new version of it, filled by ``read rebuild``; migrations are for what is not rebuilt.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.read import coupons_fold, ledger, stock, stores
from models.read.models import MODELS
from models.read.mysql import ddl
from models.read.registry import POSITIONS, READ_MODELS

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is missing: MySQL commits each statement by itself, so this may have been cut short before."""
    tables = [READ_MODELS, POSITIONS, *stock.tables(1), *coupons_fold.tables(1), ledger.table(1), stores.table(1)]
    for statement in ddl(tables):
        op.execute(sa.text(statement))
    for model in MODELS:
        if model.versioned:
            op.execute(
                sa.text("INSERT IGNORE INTO read_models (model, version, newest) VALUES (:name, 1, 1)").bindparams(name=model.name)
            )


def downgrade() -> None:
    """Never: read models are thrown away and rebuilt."""
    raise RuntimeError("read models are not migrated back: rebuild them with the older release")
