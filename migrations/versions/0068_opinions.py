"""What people think after deliveries and committees."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opinions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("committee_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("second", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("given_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("num_nonnulls(purchase_id, committee_id) = 1", name=op.f("ck_opinions_of_one")),
        sa.CheckConstraint("first BETWEEN 1 AND 5 AND second BETWEEN 1 AND 5", name=op.f("ck_opinions_marks")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_opinions_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_opinions_person_id_people")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_opinions_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id"],
            ["committees.group_id", "committees.id"],
            name=op.f("fk_opinions_group_id_committee_id_committees"),
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_opinions")),
        sa.UniqueConstraint(
            "group_id", "purchase_id", "person_id", name=op.f("uq_opinions_group_id_purchase_id_person_id")
        ),
        sa.UniqueConstraint(
            "group_id", "committee_id", "person_id", name=op.f("uq_opinions_group_id_committee_id_person_id")
        ),
    )
    op.create_index(op.f("ix_opinions_group_id_given_at"), "opinions", ["group_id", "given_at"])
    op.execute("ALTER TABLE opinions ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON opinions "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
