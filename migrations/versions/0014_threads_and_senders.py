"""Mails say whom they come from, and which belong together."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("sender_name", "thread"):
        op.add_column("messages", sa.Column(column, sa.String(), nullable=False, server_default=""))
        op.alter_column("messages", column, server_default=None)


def downgrade() -> None:
    for column in ("thread", "sender_name"):
        op.drop_column("messages", column)
