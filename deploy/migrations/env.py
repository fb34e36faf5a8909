"""Run by Alembic: on the connection that ``__main__`` hands over."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
with context.begin_transaction():
    context.run_migrations()
