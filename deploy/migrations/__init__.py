"""Schemas of the read models' databases: Alembic for MySQL, and what DynamoDB and MongoDB need made beforehand."""
