"""When members get FCTVA back, where that is not what their kind gets."""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fctva_delays",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("years BETWEEN 0 AND 2", name=op.f("ck_fctva_delays_years_of_the_law")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_fctva_delays_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_fctva_delays_group_id_member_id_members"),
        ),
        sa.PrimaryKeyConstraint("group_id", "member_id", name=op.f("pk_fctva_delays")),
    )
    op.execute("ALTER TABLE fctva_delays ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON fctva_delays "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
