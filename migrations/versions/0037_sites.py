"""Where members are delivered: their sites, and how they want what they get divided among them."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sort_key", sa.String(collation="C"), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("street", "postcode", "city", "contact", "opening_hours")
        ),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_sites_has_name")),
        sa.CheckConstraint("postcode ~ '^([0-9]{5})?$'", name=op.f("ck_sites_postcode_has_five_digits")),
        sa.CheckConstraint("NOT is_main OR archived_at IS NULL", name=op.f("ck_sites_main_is_in_use")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_sites_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_sites_group_id_member_id_members"),
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_sites")),
    )
    op.create_index(op.f("ix_sites_group_id_member_id"), "sites", ["group_id", "member_id"])
    op.create_index(
        "uq_sites_one_main", "sites", ["group_id", "member_id"], unique=True, postgresql_where=sa.text("is_main")
    )
    op.create_index(
        "uq_sites_name",
        "sites",
        ["group_id", "member_id", "sort_key"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "site_splits",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("group_id", "item_id", "member_id", "site_id")),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_site_splits_quantity_positive")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_site_splits_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"],
            ["items.group_id", "items.id"],
            name=op.f("fk_site_splits_group_id_item_id_items"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_site_splits_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "site_id"], ["sites.group_id", "sites.id"], name=op.f("fk_site_splits_group_id_site_id_sites")
        ),
        sa.PrimaryKeyConstraint("group_id", "item_id", "member_id", "site_id", name=op.f("pk_site_splits")),
    )
    op.create_index(op.f("ix_site_splits_group_id_member_id"), "site_splits", ["group_id", "member_id"])
    op.create_index(op.f("ix_site_splits_group_id_site_id"), "site_splits", ["group_id", "site_id"])
    for table in ("sites", "site_splits"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
