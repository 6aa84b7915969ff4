"""Forms of no group that were sent a moment ago: sent again, they are taken once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_forms",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("noted", postgresql.JSONB(), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sent_forms")),
    )
    op.execute("ALTER TABLE sent_forms ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY no_group ON sent_forms "
        "USING (current_group_id() IS NULL) WITH CHECK (current_group_id() IS NULL)"
    )
