"""What somebody had typed when their session ended, kept for a day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_forms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_kept_forms_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_forms")),
    )
    op.create_index(op.f("ix_kept_forms_person_id"), "kept_forms", ["person_id"], unique=False)
    op.create_index(op.f("ix_kept_forms_kept_at"), "kept_forms", ["kept_at"], unique=False)
    op.execute("ALTER TABLE kept_forms ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY no_group ON kept_forms "
        "USING (current_group_id() IS NULL) WITH CHECK (current_group_id() IS NULL)"
    )
