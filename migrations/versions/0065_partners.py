"""The calendar of an action in phases, partners with what they bring, and sheets that are searched."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

TABLES = ("action_phases", "partners", "contributions")


def upgrade() -> None:
    op.add_column("actions", sa.Column("search_text", sa.String(), server_default="", nullable=False))
    # Folded as well as SQL does it, until a sheet is written again.
    op.execute(
        "UPDATE actions SET search_text = "
        "regexp_replace(lower(translate(concat_ws(' ', reference, title, content, resources, levers, indicators, "
        f"vigilance), '{ACCENTED}', '{PLAIN}')), '[^a-z0-9]+', ' ', 'g')"
    )
    op.execute("CREATE INDEX ix_actions_search ON actions USING gin (to_tsvector('french'::regconfig, search_text))")
    op.create_table(
        "action_phases",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("label <> ''", name=op.f("ck_action_phases_has_label")),
        sa.CheckConstraint("ends_on >= begins_on", name=op.f("ck_action_phases_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["group_id", "action_id"],
            ["actions.group_id", "actions.id"],
            name=op.f("fk_action_phases_group_id_action_id_actions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_action_phases_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_action_phases")),
    )
    op.create_index(op.f("ix_action_phases_group_id_action_id"), "action_phases", ["group_id", "action_id"])
    op.create_table(
        "partners",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("letters", sa.String(), nullable=False),
        sa.Column("sort_key", sa.String(collation="C"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("website", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint("name <> '' AND letters <> ''", name=op.f("ck_partners_has_name")),
        sa.CheckConstraint(
            "kind IN ('association', 'company', 'authority', 'public_body', 'other')",
            name=op.f("ck_partners_kind_known"),
        ),
        sa.CheckConstraint(
            "website = '' OR website ~ '^https?://[^[:space:]]+$'", name=op.f("ck_partners_website_is_address")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_partners_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_partners")),
        sa.UniqueConstraint("group_id", "letters", name=op.f("uq_partners_group_id_letters")),
    )
    op.create_index(op.f("ix_partners_group_id_sort_key_id"), "partners", ["group_id", "sort_key", "id"])
    op.create_table(
        "contributions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("half_days", sa.Integer(), nullable=False),
        sa.Column("premises", sa.String(), nullable=False),
        sa.CheckConstraint("amount_cents >= 0 AND half_days >= 0", name=op.f("ck_contributions_not_negative")),
        sa.ForeignKeyConstraint(
            ["group_id", "action_id"],
            ["actions.group_id", "actions.id"],
            name=op.f("fk_contributions_group_id_action_id_actions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "partner_id"],
            ["partners.group_id", "partners.id"],
            name=op.f("fk_contributions_group_id_partner_id_partners"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_contributions_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "action_id", "partner_id", name=op.f("pk_contributions")),
    )
    op.create_index(op.f("ix_contributions_group_id_partner_id"), "contributions", ["group_id", "partner_id"])
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝ"
PLAIN = "aaaaaaceeeeiiiinooooouuuuyyAAAAAACEEEEIIIINOOOOOUUUUY"
