"""A consolidation may say what members really took of what was ordered, and at what it is paid."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consolidations", sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
