"""On the day of a committee: who came without being invited, who wrote an answer down for somebody who phoned."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "committee_guests",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("committee_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("noted_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("(person_id IS NULL) = (name <> '')", name=op.f("ck_committee_guests_person_or_name")),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id"],
            ["committees.group_id", "committees.id"],
            name=op.f("fk_committee_guests_group_id_committee_id_committees"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_committee_guests_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_committee_guests_person_id_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_committee_guests")),
        sa.UniqueConstraint(
            "group_id",
            "committee_id",
            "person_id",
            name=op.f("uq_committee_guests_group_id_committee_id_person_id"),
        ),
    )
    op.add_column("committee_invitations", sa.Column("noted_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_committee_invitations_noted_by_people"), "committee_invitations", "people", ["noted_by"], ["id"]
    )
    for table, name, check in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


CHECKS = (("committee_invitations", "noted_answer", "noted_by IS NULL OR answer IS NOT NULL"),)

TENANT_TABLES = ("committee_guests",)
