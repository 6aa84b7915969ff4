"""Shared resources: what members lend to each other, what is asked for and agreed, what was used."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resources",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("sort_key", sa.String(collation="C"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("conditions", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('desk', 'room', 'vehicle', 'bike')", name=op.f("ck_resources_kind_known")),
        sa.CheckConstraint("state IN ('offered', 'withdrawn')", name=op.f("ck_resources_state_known")),
        sa.CheckConstraint("title <> ''", name=op.f("ck_resources_has_title")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_resources_quantity_positive")),
        sa.CheckConstraint("days BETWEEN 1 AND 127", name=op.f("ck_resources_days_of_week")),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_resources_price_not_negative")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_resources_until_after_from")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_resources_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_resources_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "site_id"], ["sites.group_id", "sites.id"], name=op.f("fk_resources_group_id_site_id_sites")
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_resources")),
    )
    op.create_index(
        "uq_resources_title",
        "resources",
        ["group_id", "site_id", "sort_key"],
        unique=True,
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_index(op.f("ix_resources_group_id_member_id"), "resources", ["group_id", "member_id"])
    op.create_index(op.f("ix_resources_group_id_sort_key_id"), "resources", ["group_id", "sort_key", "id"])
    op.create_table(
        "lendings",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'agreed', 'refused', 'withdrawn', 'ended')", name=op.f("ck_lendings_state_known")
        ),
        sa.CheckConstraint("units > 0", name=op.f("ck_lendings_units_positive")),
        sa.CheckConstraint("days BETWEEN 1 AND 127", name=op.f("ck_lendings_days_of_week")),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_lendings_price_not_negative")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_lendings_last_after_first")),
        sa.CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name=op.f("ck_lendings_ended_has_day")),
        sa.CheckConstraint("ended_on < last_day", name=op.f("ck_lendings_ended_early")),
        sa.CheckConstraint(
            "(state IN ('asked', 'withdrawn')) = (answered_at IS NULL)", name=op.f("ck_lendings_answered_has_date")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_lendings_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "resource_id"],
            ["resources.group_id", "resources.id"],
            name=op.f("fk_lendings_group_id_resource_id_resources"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_lendings_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_lendings_asked_by_people")),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_lendings_answered_by_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_lendings")),
    )
    op.create_index(op.f("ix_lendings_group_id_resource_id_state"), "lendings", ["group_id", "resource_id", "state"])
    op.create_index(op.f("ix_lendings_group_id_member_id"), "lendings", ["group_id", "member_id"])
    op.create_table(
        "lending_uses",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("lending_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_lending_uses_month_by_its_first")),
        sa.CheckConstraint("used >= 0", name=op.f("ck_lending_uses_used_not_negative")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_lending_uses_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "lending_id"],
            ["lendings.group_id", "lendings.id"],
            name=op.f("fk_lending_uses_group_id_lending_id_lendings"),
        ),
        sa.ForeignKeyConstraint(["noted_by"], ["people.id"], name=op.f("fk_lending_uses_noted_by_people")),
        sa.PrimaryKeyConstraint("group_id", "lending_id", "month", name=op.f("pk_lending_uses")),
    )
    for table in ("resources", "lendings", "lending_uses"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
