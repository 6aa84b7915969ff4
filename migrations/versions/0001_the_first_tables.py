"""The first tables, and the walls between groups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(CURRENT_GROUP)
    op.create_table(
        "groups",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("fictional", sa.Boolean(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_groups_slug_readable")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("slug", name=op.f("uq_groups_slug")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_people_email_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_table(
        "committees",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("local_start", postgresql.TIMESTAMP(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("agenda", sa.String(), nullable=False),
        sa.Column("minutes", sa.String(), nullable=False),
        sa.Column("secretary_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'convened', 'held', 'minuted', 'cancelled')",
            name=op.f("ck_committees_state_known"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_committees_ends_after_start")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_committees_group_id_groups")),
        sa.ForeignKeyConstraint(["secretary_id"], ["people.id"], name=op.f("fk_committees_secretary_id_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_committees")),
    )
    op.create_index(op.f("ix_committees_group_id_starts_at"), "committees", ["group_id", "starts_at"], unique=False)
    op.create_table(
        "events",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_events_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_events")),
    )
    op.create_index(
        op.f("ix_events_group_id_subject_kind_subject_id_id"),
        "events",
        ["group_id", "subject_kind", "subject_id", "id"],
        unique=False,
    )
    op.create_table(
        "members",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sort_key", sa.String(collation="C"), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("insee", sa.String(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("agents", sa.Integer(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'internal_unit') = (parent_id IS NOT NULL)", name=op.f("ck_members_unit_has_parent")
        ),
        sa.CheckConstraint("kind = 'internal_unit' OR code ~ '^[0-9]{9}$'", name=op.f("ck_members_code_is_siren")),
        sa.CheckConstraint("kind IN ('legal_entity', 'internal_unit')", name=op.f("ck_members_kind_known")),
        sa.CheckConstraint("population >= 0 AND agents >= 0", name=op.f("ck_members_sizes_not_negative")),
        sa.ForeignKeyConstraint(
            ["group_id", "parent_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_members_group_id_parent_id_members"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_members_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_members")),
        sa.UniqueConstraint("group_id", "code", name=op.f("uq_members_group_id_code")),
    )
    op.create_index(op.f("ix_members_group_id_sort_key_id"), "members", ["group_id", "sort_key", "id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body_text", sa.String(), nullable=False),
        sa.Column("body_html", sa.String(), nullable=False),
        sa.Column("calendar", sa.String(), nullable=True),
        sa.Column("attachments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("next_try_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed')", name=op.f("ck_messages_state_known")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_messages_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_messages_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_group_id_id"), "messages", ["group_id", "id"], unique=False)
    op.create_index(
        op.f("ix_messages_priority_next_try_at"),
        "messages",
        ["priority", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_table(
        "budgets",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_budgets_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_budgets_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_budgets")),
        sa.UniqueConstraint("group_id", "member_id", "code", name=op.f("uq_budgets_group_id_member_id_code")),
    )
    op.create_table(
        "committee_invitations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("committee_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("invited_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id"],
            ["committees.group_id", "committees.id"],
            name=op.f("fk_committee_invitations_group_id_committee_id_committees"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_committee_invitations_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_committee_invitations_person_id_people")),
        sa.PrimaryKeyConstraint("group_id", "committee_id", "person_id", name=op.f("pk_committee_invitations")),
    )
    op.create_index(op.f("ix_committee_invitations_person_id"), "committee_invitations", ["person_id"], unique=False)
    op.create_table(
        "purchases",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lead_member_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("scheduled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closes_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("keys_frozen_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("delivery_expected_on", sa.Date(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("state <> 'open' OR closes_at IS NOT NULL", name=op.f("ck_purchases_open_until")),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'ordered', 'delivered', 'settled', 'cancelled')",
            name=op.f("ck_purchases_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "lead_member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_purchases_group_id_lead_member_id_members"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_purchases_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_purchases")),
        sa.UniqueConstraint("group_id", "reference", name=op.f("uq_purchases_group_id_reference")),
    )
    op.create_table(
        "reminders",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("offset_days", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("useful_until", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'sent', 'superseded', 'missed', 'not_needed')",
            name=op.f("ck_reminders_state_known"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_reminders_group_id_groups")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_reminders_message_id_messages")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reminders_person_id_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "group_id",
            "kind",
            "subject_id",
            "person_id",
            "revision",
            "offset_days",
            name=op.f("uq_reminders_group_id_kind_subject_id_person_id_revision_offset_days"),
        ),
    )
    op.create_index(
        op.f("ix_reminders_due_at"),
        "reminders",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_table(
        "allocations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("frozen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.BigInteger(), nullable=True),
        sa.Column("case", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_allocations_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_allocations_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_allocations")),
        sa.UniqueConstraint(
            "group_id", "purchase_id", "number", name=op.f("uq_allocations_group_id_purchase_id_number")
        ),
    )
    op.create_table(
        "charges",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("key", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("fctva", sa.Boolean(), nullable=False),
        sa.CheckConstraint("vat_rate BETWEEN 0 AND 100", name=op.f("ck_charges_vat_rate_is_percent")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_charges_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_charges_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_charges")),
        sa.UniqueConstraint("group_id", "purchase_id", "code", name=op.f("uq_charges_group_id_purchase_id_code")),
    )
    op.create_table(
        "consolidations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("frozen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.BigInteger(), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_consolidations_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_consolidations_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_consolidations")),
        sa.UniqueConstraint(
            "group_id", "purchase_id", "number", name=op.f("uq_consolidations_group_id_purchase_id_number")
        ),
    )
    op.create_table(
        "items",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("vat_rate", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("fctva", sa.Boolean(), nullable=False),
        sa.Column("pack", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.CheckConstraint("pack >= 1 AND minimum >= 0", name=op.f("ck_items_pack_and_minimum")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_items_price_not_negative")),
        sa.CheckConstraint("vat_rate BETWEEN 0 AND 100", name=op.f("ck_items_vat_rate_is_percent")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_items_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_items_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_items")),
        sa.UniqueConstraint("group_id", "purchase_id", "code", name=op.f("uq_items_group_id_purchase_id_code")),
    )
    op.create_table(
        "memberships",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(role = 'lead_buyer') = (purchase_id IS NOT NULL)", name=op.f("ck_memberships_role_of_purchase")
        ),
        sa.CheckConstraint(
            "(role IN ('referent', 'finance')) = (member_id IS NOT NULL)",
            name=op.f("ck_memberships_role_of_member"),
        ),
        sa.CheckConstraint(
            "role IN ('facilitator', 'reader', 'referent', 'finance', 'lead_buyer')",
            name=op.f("ck_memberships_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_memberships_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_memberships_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_memberships_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_group_id_member_id"), "memberships", ["group_id", "member_id"], unique=False)
    op.create_index(op.f("ix_memberships_person_id"), "memberships", ["person_id"], unique=False)
    op.create_index(
        "uq_memberships_held_once",
        "memberships",
        ["group_id", "person_id", "role", "member_id", "purchase_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "participations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("budget_id", sa.BigInteger(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("agents", sa.Integer(), nullable=True),
        sa.CheckConstraint("population >= 0 AND agents >= 0", name=op.f("ck_participations_key_values_not_negative")),
        sa.ForeignKeyConstraint(
            ["group_id", "budget_id"],
            ["budgets.group_id", "budgets.id"],
            name=op.f("fk_participations_group_id_budget_id_budgets"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_participations_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_participations_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_participations_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", "member_id", name=op.f("pk_participations")),
    )
    op.create_index(
        op.f("ix_participations_group_id_member_id"),
        "participations",
        ["group_id", "member_id"],
        unique=False,
    )
    op.create_table(
        "assignments",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("consolidation_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_assignments_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["group_id", "consolidation_id"],
            ["consolidations.group_id", "consolidations.id"],
            name=op.f("fk_assignments_group_id_consolidation_id_consolidations"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"],
            ["items.group_id", "items.id"],
            name=op.f("fk_assignments_group_id_item_id_items"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_assignments_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_assignments_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "consolidation_id", "item_id", "member_id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_group_id_member_id"), "assignments", ["group_id", "member_id"], unique=False)
    op.create_table(
        "declarations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("filed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'filed') = (filed_at IS NOT NULL)", name=op.f("ck_declarations_filed_has_date")),
        sa.CheckConstraint("state IN ('draft', 'filed')", name=op.f("ck_declarations_state_known")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id", "member_id"],
            ["participations.group_id", "participations.purchase_id", "participations.member_id"],
            name=op.f("fk_declarations_group_id_purchase_id_member_id_participations"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_declarations_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_declarations")),
        sa.UniqueConstraint(
            "group_id",
            "purchase_id",
            "member_id",
            "state",
            name=op.f("uq_declarations_group_id_purchase_id_member_id_state"),
        ),
    )
    op.create_table(
        "price_tiers",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("from_quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.CheckConstraint("from_quantity >= 1 AND unit_price >= 0", name=op.f("ck_price_tiers_quantity_and_price")),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"],
            ["items.group_id", "items.id"],
            name=op.f("fk_price_tiers_group_id_item_id_items"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_price_tiers_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_price_tiers")),
        sa.UniqueConstraint(
            "group_id", "item_id", "from_quantity", name=op.f("uq_price_tiers_group_id_item_id_from_quantity")
        ),
    )
    op.create_table(
        "needs",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("declaration_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("up_to", sa.Integer(), nullable=False),
        sa.Column("declared_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_needs_quantity_not_negative")),
        sa.CheckConstraint("up_to >= quantity", name=op.f("ck_needs_up_to_not_below")),
        sa.ForeignKeyConstraint(
            ["group_id", "declaration_id"],
            ["declarations.group_id", "declarations.id"],
            name=op.f("fk_needs_group_id_declaration_id_declarations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"],
            ["items.group_id", "items.id"],
            name=op.f("fk_needs_group_id_item_id_items"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_needs_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "declaration_id", "item_id", name=op.f("pk_needs")),
    )
    op.create_index(op.f("ix_needs_group_id_item_id"), "needs", ["group_id", "item_id"], unique=False)
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    for statement in OTHER_WALLS + STEPS_ACROSS_GROUPS:
        op.execute(statement)


TENANT_TABLES = (
    "allocations",
    "assignments",
    "budgets",
    "charges",
    "committee_invitations",
    "committees",
    "consolidations",
    "declarations",
    "events",
    "items",
    "members",
    "memberships",
    "needs",
    "participations",
    "price_tiers",
    "purchases",
    "reminders",
)

CURRENT_GROUP = """
CREATE FUNCTION current_group_id() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN NULLIF(current_setting('pooling.group_id', true), '')::bigint
"""

OTHER_WALLS = (
    "ALTER TABLE groups ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own_group ON groups USING (id = current_group_id()) WITH CHECK (id = current_group_id())",
    # A group sees the people who are or were in it; a transaction for no group (signing in) sees them all.
    "ALTER TABLE people ENABLE ROW LEVEL SECURITY",
    """CREATE POLICY people_of_the_group ON people
        USING (current_group_id() IS NULL OR id IN (SELECT person_id FROM memberships))
        WITH CHECK (current_group_id() IS NULL)""",
    "ALTER TABLE sessions ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY no_group ON sessions USING (current_group_id() IS NULL) WITH CHECK (current_group_id() IS NULL)",
    "ALTER TABLE messages ENABLE ROW LEVEL SECURITY",
    """CREATE POLICY same_group_or_none ON messages
        USING (group_id IS NOT DISTINCT FROM current_group_id())
        WITH CHECK (group_id IS NOT DISTINCT FROM current_group_id())""",
)

# Narrow functions that run as the owner: the only way past row-level security. Each says what it lets through.
STEPS_ACROSS_GROUPS = (
    # The group that an address names. Whether the caller may enter is for the caller's memberships to say.
    """CREATE FUNCTION group_by_slug(wanted text) RETURNS SETOF groups
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT * FROM groups WHERE slug = wanted $$""",
    # The groups that a person may enter, for the switch between them.
    """CREATE FUNCTION groups_of_person(wanted bigint) RETURNS SETOF groups
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT g.* FROM groups g WHERE EXISTS (
            SELECT FROM memberships m WHERE m.group_id = g.id AND m.person_id = wanted AND m.ended_at IS NULL)
            ORDER BY g.name $$""",
    # All groups, for the sweep, which opens a transaction for each.
    """CREATE FUNCTION all_groups() RETURNS SETOF groups
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT * FROM groups ORDER BY id $$""",
    # Finds people by address, or adds them: a person may already be known to another group.
    """CREATE FUNCTION ensure_people(emails text[], names text[], functions text[], at timestamptz)
        RETURNS TABLE (person_id bigint, person_email text)
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
        BEGIN
            INSERT INTO people (email, name, function, created_at)
                SELECT DISTINCT ON (e) e, n, f, at FROM unnest(emails, names, functions) AS given(e, n, f) ORDER BY e
                ON CONFLICT (email) DO NOTHING;
            RETURN QUERY SELECT id, email::text FROM people WHERE email = ANY (emails);
        END $$""",
    # Takes messages that are due, of any group, under a lease. Two deliveries never take the same one.
    """CREATE FUNCTION claim_messages(new_lease text, at timestamptz, lease_until timestamptz, most integer)
        RETURNS SETOF messages
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
        UPDATE messages SET state = 'sending', lease = new_lease, next_try_at = lease_until
        WHERE id IN (
            SELECT id FROM messages WHERE state IN ('queued', 'sending') AND next_try_at <= at
            ORDER BY priority, next_try_at, id LIMIT most FOR UPDATE SKIP LOCKED)
        RETURNING * $$""",
    # Prolongs the leases that a delivery still holds, and says which; the others belong to somebody else now.
    """CREATE FUNCTION hold_messages(held_lease text, ids bigint[], lease_until timestamptz) RETURNS SETOF bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
        UPDATE messages SET next_try_at = lease_until
        WHERE id = ANY (ids) AND lease = held_lease AND state = 'sending' RETURNING id $$""",
    # What became of messages that a delivery holds; says of which, since a lease may be lost meanwhile. `tries` is
    # how many tries it counts for: none when it was not the messages' fault.
    """CREATE FUNCTION settle_messages(held_lease text, ids bigint[], new_state text, at timestamptz,
            try_at timestamptz, reason text, tries integer)
        RETURNS SETOF bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
        UPDATE messages SET state = new_state, lease = NULL, error = reason, next_try_at = coalesce(try_at, at),
            attempts = attempts + tries, sent_at = CASE WHEN new_state = 'sent' THEN at END
        WHERE id = ANY (ids) AND lease = held_lease AND state = 'sending' RETURNING id $$""",
    # The age of the worker's arrears, for /health/ready.
    """CREATE FUNCTION oldest_arrears(at timestamptz)
        RETURNS TABLE (reminder_due_at timestamptz, message_due_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
        SELECT (SELECT min(due_at) FROM reminders WHERE state = 'planned' AND due_at <= at),
            (SELECT min(next_try_at) FROM messages WHERE state IN ('queued', 'sending') AND next_try_at <= at) $$""",
)
