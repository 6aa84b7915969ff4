"""Mails of one mailing are due at the same moment: taking ten of them read and sorted all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_messages_priority_next_try_at"), table_name="messages")
    op.create_index(
        op.f("ix_messages_priority_next_try_at_id"),
        "messages",
        ["priority", "next_try_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
