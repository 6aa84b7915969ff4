"""Needs are added up but for those of the few drafts, for which every declaration was read."""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_declarations_drafts",
        "declarations",
        ["group_id", "purchase_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'draft'"),
    )
