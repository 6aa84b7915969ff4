"""Actions of the group, as sheets."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "actions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lead_member_id", sa.BigInteger(), nullable=True),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("resources", sa.String(), nullable=False),
        sa.Column("levers", sa.String(), nullable=False),
        sa.Column("indicators", sa.String(), nullable=False),
        sa.Column("vigilance", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("set_aside_because", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'set_aside') = (set_aside_because <> '')", name=op.f("ck_actions_set_aside_says_why")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'prioritised', 'agreed', 'under_way', 'done', 'set_aside')",
            name=op.f("ck_actions_state_known"),
        ),
        sa.CheckConstraint("title <> ''", name=op.f("ck_actions_has_title")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_actions_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["group_id", "lead_member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_actions_group_id_lead_member_id_members"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_actions_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_actions")),
        sa.UniqueConstraint("group_id", "reference", name=op.f("uq_actions_group_id_reference")),
    )
    op.create_index(op.f("ix_actions_group_id_lead_member_id"), "actions", ["group_id", "lead_member_id"])
    op.create_index(op.f("ix_actions_group_id_state_id"), "actions", ["group_id", "state", "id"])
    op.create_table(
        "action_factors",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ease", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.CheckConstraint("ease IN ('easy', 'medium', 'hard')", name=op.f("ck_action_factors_ease_known")),
        sa.CheckConstraint("kind IN ('obstacle', 'opportunity')", name=op.f("ck_action_factors_kind_known")),
        sa.CheckConstraint("text <> ''", name=op.f("ck_action_factors_says_something")),
        sa.ForeignKeyConstraint(
            ["group_id", "action_id"],
            ["actions.group_id", "actions.id"],
            name=op.f("fk_action_factors_group_id_action_id_actions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_action_factors_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_action_factors")),
    )
    op.create_index(op.f("ix_action_factors_group_id_action_id"), "action_factors", ["group_id", "action_id"])
    for table in ("actions", "action_factors"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
