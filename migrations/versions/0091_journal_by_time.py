"""The journal tells when things happened, and was in the order in which they were written down."""

from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_events_group_id_at_id"), "events", ["group_id", "at", "id"], unique=False)
