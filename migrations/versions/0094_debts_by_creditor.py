"""What is owed to some members was sought among all debts of a version."""

from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_allocation_debts_group_id_allocation_id_creditor"),
        "allocation_debts",
        ["group_id", "allocation_id", "creditor"],
        unique=False,
    )
