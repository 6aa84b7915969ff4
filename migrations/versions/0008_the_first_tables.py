"""The first tables, and the walls between groups.

Eight steps that led here before the first release were made one. It keeps the number of the last of them, so that an
installation that stands at 0008 simply goes on from there: it has all that is made here, to the order of its columns.
That is also why some columns have a default in the database that no later one needs: rows were there when they came.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(CURRENT_GROUP)
    _groups_and_people()
    _signing_in()
    _files_and_mails()
    _members()
    _purchases()
    _roles()
    _needs()
    _allocation()
    _committees()
    _events()
    # A workbook is compressed already: PostgreSQL need not try.
    op.execute("ALTER TABLE export_contents ALTER COLUMN content SET STORAGE EXTERNAL")
    for table in (*TENANT_TABLES, *TABLES_OF_NO_GROUP, "groups", "people", "messages"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    for table in TENANT_TABLES:
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    for table in TABLES_OF_NO_GROUP:
        op.execute(
            f"CREATE POLICY no_group ON {table} "
            "USING (current_group_id() IS NULL) WITH CHECK (current_group_id() IS NULL)"
        )
    for statement in (*OTHER_POLICIES, *STEPS_ACROSS_GROUPS):
        op.execute(statement)


def _groups_and_people() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("fictional", sa.Boolean(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("second_factor_required", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lines_visible_to_all", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("archived_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("committee_every_months", sa.Integer(), server_default="3", nullable=False),
        sa.Column("quorum_percent", sa.Integer(), nullable=True),
        sa.Column("school_zone", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("school_zone IN ('', 'A', 'B', 'C')", name=op.f("ck_groups_school_zone_known")),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_groups_slug_readable")),
        sa.CheckConstraint("committee_every_months BETWEEN 1 AND 12", name=op.f("ck_groups_cadence")),
        sa.CheckConstraint("quorum_percent BETWEEN 0 AND 99", name=op.f("ck_groups_quorum_is_percent")),
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
        sa.Column("phone", sa.String(), server_default="", nullable=False),
        sa.Column("administrator", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("purged_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "mail_key",
            sa.String(),
            server_default=sa.text("replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '')"),
            nullable=False,
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_people_email_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
        sa.UniqueConstraint("mail_key", name=op.f("uq_people_mail_key")),
    )


def _signing_in() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("browser", sa.String(), server_default="", nullable=False),
        sa.Column("second_factor_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("rotate", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_table(
        "sign_in_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("next_path", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sign_in_codes_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_codes")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_sign_in_codes_link_hash")),
    )
    op.create_index(op.f("ix_sign_in_codes_browser_hash"), "sign_in_codes", ["browser_hash"], unique=False)
    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_second_factors_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("person_id", "code_hash", name=op.f("uq_recovery_codes_person_id_code_hash")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("scope IN ('read', 'write')", name=op.f("ck_api_tokens_scope_known")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_api_tokens_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_api_tokens_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_person_id"), "api_tokens", ["person_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_idempotency_keys_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_idempotency_keys_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "person_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )


def _files_and_mails() -> None:
    op.create_table(
        "file_contents",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_file_contents_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "sha256", name=op.f("pk_file_contents")),
    )
    op.create_table(
        "files",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("added_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_files_not_empty")),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_files_added_by_people")),
        sa.ForeignKeyConstraint(
            ["group_id", "sha256"],
            ["file_contents.group_id", "file_contents.sha256"],
            name=op.f("fk_files_group_id_sha256_file_contents"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_files_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_files")),
    )
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
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("next_try_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("unsubscribe_url", sa.String(), nullable=True),
        sa.Column("attachments", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
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
        sa.Column("hastened_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'sent', 'superseded', 'missed', 'not_needed')", name=op.f("ck_reminders_state_known")
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
    op.create_index(
        op.f("ix_reminders_hastened_at"),
        "reminders",
        ["hastened_at"],
        unique=False,
        postgresql_where=sa.text("state = 'planned' AND hastened_at IS NOT NULL"),
    )
    op.create_table(
        "reminder_settings",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("offsets", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("hour", sa.Time(), nullable=True),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_reminder_settings_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "kind", name=op.f("pk_reminder_settings")),
    )
    op.create_table(
        "reminder_opt_outs",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_reminder_opt_outs_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reminder_opt_outs_person_id_people")),
        sa.PrimaryKeyConstraint("group_id", "person_id", "kind", name=op.f("pk_reminder_opt_outs")),
    )


def _members() -> None:
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


def _purchases() -> None:
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
        "price_tiers",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("from_quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.CheckConstraint("from_quantity >= 1 AND unit_price >= 0", name=op.f("ck_price_tiers_quantity_and_price")),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"], ["items.group_id", "items.id"], name=op.f("fk_price_tiers_group_id_item_id_items")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_price_tiers_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_price_tiers")),
        sa.UniqueConstraint(
            "group_id", "item_id", "from_quantity", name=op.f("uq_price_tiers_group_id_item_id_from_quantity")
        ),
    )
    op.create_table(
        "participations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("budget_id", sa.BigInteger(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("agents", sa.Integer(), nullable=True),
        sa.Column("weight", sa.Numeric(precision=18, scale=6), nullable=True),
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
        op.f("ix_participations_group_id_member_id"), "participations", ["group_id", "member_id"], unique=False
    )


def _roles() -> None:
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
            "(role IN ('referent', 'finance')) = (member_id IS NOT NULL)", name=op.f("ck_memberships_role_of_member")
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
        "access_requests",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'pending') = (decided_at IS NULL)", name=op.f("ck_access_requests_decided_has_date")
        ),
        sa.CheckConstraint(
            "role IN ('facilitator', 'reader', 'referent', 'finance', 'lead_buyer')",
            name=op.f("ck_access_requests_role_known"),
        ),
        sa.CheckConstraint("state IN ('pending', 'granted', 'refused')", name=op.f("ck_access_requests_state_known")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_access_requests_asked_by_people")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_access_requests_decided_by_people")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_access_requests_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_access_requests_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_access_requests")),
    )
    op.create_index(
        "uq_access_requests_pending_once",
        "access_requests",
        ["group_id", "email"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )


def _needs() -> None:
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
            ["group_id", "item_id"], ["items.group_id", "items.id"], name=op.f("fk_needs_group_id_item_id_items")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_needs_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "declaration_id", "item_id", name=op.f("pk_needs")),
    )
    op.create_index(op.f("ix_needs_group_id_item_id"), "needs", ["group_id", "item_id"], unique=False)
    op.create_table(
        "consolidations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("frozen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.BigInteger(), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
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
            ["group_id", "item_id"], ["items.group_id", "items.id"], name=op.f("fk_assignments_group_id_item_id_items")
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


def _allocation() -> None:
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
        sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "jsonb_typeof(scope) IN ('array', 'null') OR scope = '\"participants\"'",
            name=op.f("ck_charges_scope_is_list_or_word"),
        ),
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
        "subsidies",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("cap_per_unit_cents", sa.BigInteger(), nullable=True),
        sa.Column("cap_total_cents", sa.BigInteger(), nullable=True),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("charges", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("members", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(rate IS NULL) <> (amount_cents IS NULL)", name=op.f("ck_subsidies_rate_or_amount")),
        sa.CheckConstraint(
            "amount_cents >= 0 AND cap_per_unit_cents >= 0 AND cap_total_cents >= 0",
            name=op.f("ck_subsidies_not_negative"),
        ),
        sa.CheckConstraint("rate BETWEEN 0 AND 100", name=op.f("ck_subsidies_rate_is_percent")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_subsidies_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_subsidies_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_subsidies")),
        sa.UniqueConstraint("group_id", "purchase_id", "code", name=op.f("uq_subsidies_group_id_purchase_id_code")),
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
        "exports",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("figures_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name=op.f("ck_exports_failed_says_why")),
        sa.CheckConstraint("(state = 'ready') = (size IS NOT NULL)", name=op.f("ck_exports_ready_has_size")),
        sa.CheckConstraint("(state = 'writing') = (lease IS NOT NULL)", name=op.f("ck_exports_leased_while_writing")),
        sa.CheckConstraint("state IN ('waiting', 'writing', 'ready', 'failed')", name=op.f("ck_exports_state_known")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_exports_asked_by_people")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id", "record"],
            ["allocations.group_id", "allocations.purchase_id", "allocations.number"],
            name=op.f("fk_exports_group_id_purchase_id_record_allocations"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_exports_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_exports_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_exports")),
    )
    op.create_index(
        "ix_exports_under_way",
        "exports",
        ["group_id", "purchase_id", "record"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state IN ('waiting', 'writing')"),
    )
    op.create_table(
        "export_contents",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "export_id"],
            ["exports.group_id", "exports.id"],
            name=op.f("fk_export_contents_group_id_export_id_exports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_export_contents_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "export_id", name=op.f("pk_export_contents")),
    )


def _committees() -> None:
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
        sa.Column("minutes", sa.String(), nullable=False),
        sa.Column("secretary_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), server_default="working_group", nullable=False),
        sa.Column("clear_days", sa.Integer(), server_default="5", nullable=False),
        sa.Column("convened_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("convocation_file_id", sa.BigInteger(), nullable=True),
        sa.Column("minutes_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("minutes_file_id", sa.BigInteger(), nullable=True),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("search_text", sa.String(), server_default="", nullable=False),
        sa.Column("invited_roles", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("taken_off", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.CheckConstraint("kind IN ('working_group', 'steering', 'formal')", name=op.f("ck_committees_kind_known")),
        sa.CheckConstraint(
            "state IN ('planned', 'convened', 'held', 'minuted', 'cancelled')", name=op.f("ck_committees_state_known")
        ),
        sa.CheckConstraint("clear_days IN (1, 3, 5)", name=op.f("ck_committees_clear_days")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_committees_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["group_id", "convocation_file_id"],
            ["files.group_id", "files.id"],
            name=op.f("fk_committees_group_id_convocation_file_id_files"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "minutes_file_id"],
            ["files.group_id", "files.id"],
            name=op.f("fk_committees_group_id_minutes_file_id_files"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_committees_group_id_groups")),
        sa.ForeignKeyConstraint(["secretary_id"], ["people.id"], name=op.f("fk_committees_secretary_id_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_committees")),
    )
    op.create_index(op.f("ix_committees_group_id_starts_at"), "committees", ["group_id", "starts_at"], unique=False)
    op.create_index(
        "ix_committees_search",
        "committees",
        [sa.literal_column("to_tsvector('french'::regconfig, search_text)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "committee_invitations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("committee_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("invited_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("proxy_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=True),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(answer IS NOT NULL AND answer = 'proxy') = (proxy_id IS NOT NULL)",
            name=op.f("ck_committee_invitations_proxy_named"),
        ),
        sa.CheckConstraint("answer IN ('yes', 'no', 'proxy')", name=op.f("ck_committee_invitations_answer_known")),
        sa.CheckConstraint(
            "noted_by IS NULL OR answer IS NOT NULL", name=op.f("ck_committee_invitations_noted_answer")
        ),
        sa.CheckConstraint("proxy_id <> person_id", name=op.f("ck_committee_invitations_proxy_is_another")),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id", "proxy_id"],
            ["committee_invitations.group_id", "committee_invitations.committee_id", "committee_invitations.person_id"],
            name="fk_committee_invitations_proxy",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id"],
            ["committees.group_id", "committees.id"],
            name=op.f("fk_committee_invitations_group_id_committee_id_committees"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_committee_invitations_group_id_groups")),
        sa.ForeignKeyConstraint(["noted_by"], ["people.id"], name=op.f("fk_committee_invitations_noted_by_people")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_committee_invitations_person_id_people")),
        sa.PrimaryKeyConstraint("group_id", "committee_id", "person_id", name=op.f("pk_committee_invitations")),
    )
    op.create_index(op.f("ix_committee_invitations_person_id"), "committee_invitations", ["person_id"], unique=False)
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
            "group_id", "committee_id", "person_id", name=op.f("uq_committee_guests_group_id_committee_id_person_id")
        ),
    )
    op.create_table(
        "difficulties",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("raised_by", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settlement", sa.String(), nullable=False),
        sa.Column("raised_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name=op.f("ck_difficulties_settled_once")),
        sa.CheckConstraint("state IN ('raised', 'settled')", name=op.f("ck_difficulties_state_known")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_difficulties_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_difficulties_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_difficulties_group_id_groups")),
        sa.ForeignKeyConstraint(["raised_by"], ["people.id"], name=op.f("fk_difficulties_raised_by_people")),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name=op.f("fk_difficulties_settled_by_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_difficulties")),
    )
    op.create_index(
        op.f("ix_difficulties_group_id_state_id"), "difficulties", ["group_id", "state", "id"], unique=False
    )
    op.create_table(
        "agenda_items",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("committee_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=True),
        sa.Column("presenter", sa.String(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("difficulty_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(topic = 'difficulty') = (difficulty_id IS NOT NULL)", name=op.f("ck_agenda_items_difficulty_named")
        ),
        sa.CheckConstraint(
            "topic IN ('typed', 'closing', 'silent', 'follow_up', 'difficulty')",
            name=op.f("ck_agenda_items_topic_known"),
        ),
        sa.CheckConstraint("duration_minutes > 0", name=op.f("ck_agenda_items_duration_positive")),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id"],
            ["committees.group_id", "committees.id"],
            name=op.f("fk_agenda_items_group_id_committee_id_committees"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "difficulty_id"],
            ["difficulties.group_id", "difficulties.id"],
            name=op.f("fk_agenda_items_group_id_difficulty_id_difficulties"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_agenda_items_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_agenda_items_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_agenda_items")),
        sa.UniqueConstraint(
            "group_id",
            "committee_id",
            "difficulty_id",
            name=op.f("uq_agenda_items_group_id_committee_id_difficulty_id"),
        ),
    )
    op.create_index(
        op.f("ix_agenda_items_group_id_committee_id_position"),
        "agenda_items",
        ["group_id", "committee_id", "position"],
        unique=False,
    )
    op.create_table(
        "minutes_versions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("committee_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("written_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id"],
            ["committees.group_id", "committees.id"],
            name=op.f("fk_minutes_versions_group_id_committee_id_committees"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_minutes_versions_group_id_groups")),
        sa.ForeignKeyConstraint(["written_by"], ["people.id"], name=op.f("fk_minutes_versions_written_by_people")),
        sa.PrimaryKeyConstraint("group_id", "committee_id", "number", name=op.f("pk_minutes_versions")),
    )
    op.create_table(
        "decisions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("committee_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("votes_for", sa.Integer(), nullable=True),
        sa.Column("votes_against", sa.Integer(), nullable=True),
        sa.Column("votes_abstained", sa.Integer(), nullable=True),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("act", sa.String(), nullable=True),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("acted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("acted_by", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("assigned_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "act IN ('open', 'extend', 'close', 'change_terms', 'cancel')", name=op.f("ck_decisions_act_known")
        ),
        sa.CheckConstraint("state IN ('open', 'done', 'dropped')", name=op.f("ck_decisions_state_known")),
        sa.CheckConstraint("(acted_at IS NULL) = (acted_by IS NULL)", name=op.f("ck_decisions_acted_by_somebody")),
        sa.CheckConstraint("act IS NULL OR purchase_id IS NOT NULL", name=op.f("ck_decisions_act_has_purchase")),
        sa.CheckConstraint(
            "votes_for >= 0 AND votes_against >= 0 AND votes_abstained >= 0",
            name=op.f("ck_decisions_votes_not_negative"),
        ),
        sa.ForeignKeyConstraint(["acted_by"], ["people.id"], name=op.f("fk_decisions_acted_by_people")),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id"],
            ["committees.group_id", "committees.id"],
            name=op.f("fk_decisions_group_id_committee_id_committees"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_decisions_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_decisions_group_id_groups")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_decisions_owner_id_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_decisions")),
        sa.UniqueConstraint(
            "group_id", "committee_id", "number", name=op.f("uq_decisions_group_id_committee_id_number")
        ),
    )
    op.create_index(op.f("ix_decisions_group_id_purchase_id"), "decisions", ["group_id", "purchase_id"], unique=False)
    op.create_index(
        op.f("ix_decisions_group_id_state_due_on"), "decisions", ["group_id", "state", "due_on"], unique=False
    )
    op.create_table(
        "committee_files",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("committee_id", sa.BigInteger(), nullable=False),
        sa.Column("agenda_item_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id", "agenda_item_id"],
            ["agenda_items.group_id", "agenda_items.id"],
            name=op.f("fk_committee_files_group_id_agenda_item_id_agenda_items"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "committee_id"],
            ["committees.group_id", "committees.id"],
            name=op.f("fk_committee_files_group_id_committee_id_committees"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "file_id"],
            ["files.group_id", "files.id"],
            name=op.f("fk_committee_files_group_id_file_id_files"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_committee_files_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "file_id", name=op.f("pk_committee_files")),
    )
    op.create_index(
        op.f("ix_committee_files_group_id_committee_id"), "committee_files", ["group_id", "committee_id"], unique=False
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_calendar_feeds_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_calendar_feeds_person_id_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("group_id", "token_hash", name=op.f("uq_calendar_feeds_group_id_token_hash")),
    )
    op.create_index(
        op.f("ix_calendar_feeds_group_id_person_id"), "calendar_feeds", ["group_id", "person_id"], unique=False
    )


def _events() -> None:
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
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id", "decision_id"],
            ["decisions.group_id", "decisions.id"],
            name=op.f("fk_events_group_id_decision_id_decisions"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_events_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_events")),
    )
    op.create_index(
        op.f("ix_events_group_id_subject_kind_subject_id_id"),
        "events",
        ["group_id", "subject_kind", "subject_id", "id"],
        unique=False,
    )


CURRENT_GROUP = """
CREATE FUNCTION current_group_id() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN NULLIF(current_setting('pooling.group_id', true), '')::bigint
"""

TENANT_TABLES = (
    "idempotency_keys",
    "file_contents", "files", "reminders", "reminder_settings", "reminder_opt_outs",
    "members", "budgets",
    "purchases", "items", "price_tiers", "participations",
    "memberships", "access_requests",
    "declarations", "needs", "consolidations", "assignments",
    "charges", "subsidies", "allocations", "exports", "export_contents",
    "committees", "committee_invitations", "committee_guests", "difficulties", "agenda_items", "minutes_versions",
    "decisions", "committee_files", "calendar_feeds",
    "events",
)  # fmt: skip
"""Rows of one group each."""

TABLES_OF_NO_GROUP = (
    "sessions", "sign_in_codes", "second_factors", "recovery_codes", "api_tokens", "throttles",
)  # fmt: skip
"""Read and written while nobody is in a group yet."""

OTHER_POLICIES = (
    "CREATE POLICY own_group ON groups USING (id = current_group_id()) WITH CHECK (id = current_group_id())",
    # A group sees the people who are or were in it; a transaction for no group (signing in) sees them all.
    """CREATE POLICY people_of_the_group ON people
        USING (current_group_id() IS NULL OR id IN (SELECT person_id FROM memberships))
        WITH CHECK (current_group_id() IS NULL)""",
    """CREATE POLICY same_group_or_none ON messages
        USING (group_id IS NOT DISTINCT FROM current_group_id())
        WITH CHECK (group_id IS NOT DISTINCT FROM current_group_id())""",
)

# Narrow functions that run as the owner: the only way past row-level security. Each says what it lets through.
STEPS_ACROSS_GROUPS = (
    # The group that an address names. Whether the caller may enter is for the caller's memberships to say.
    """CREATE FUNCTION group_by_slug(wanted text) RETURNS SETOF groups
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
        AS $$ SELECT * FROM groups WHERE slug = wanted $$""",
    # The groups that a person may enter (nobody enters an archived one), for the switch between them.
    """CREATE FUNCTION groups_of_person(wanted bigint) RETURNS SETOF groups
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
        AS $$ SELECT g.* FROM groups g WHERE g.archived_at IS NULL AND EXISTS (
            SELECT FROM memberships m WHERE m.group_id = g.id AND m.person_id = wanted AND m.ended_at IS NULL)
            ORDER BY g.name $$""",
    # All groups that are not archived, for the sweep, which opens a transaction for each.
    """CREATE FUNCTION all_groups() RETURNS SETOF groups
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
        AS $$ SELECT * FROM groups WHERE archived_at IS NULL ORDER BY id $$""",
    # For the administrator of the installation: every group, with how many members and people it has.
    """CREATE FUNCTION groups_with_sizes()
        RETURNS TABLE (id bigint, slug text, name text, created_at timestamptz, archived_at timestamptz,
            members bigint, people bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
        AS $$ SELECT g.id, g.slug::text, g.name::text, g.created_at, g.archived_at,
            (SELECT count(*) FROM members m WHERE m.group_id = g.id),
            (SELECT count(DISTINCT person_id) FROM memberships h WHERE h.group_id = g.id AND h.ended_at IS NULL)
            FROM groups g ORDER BY g.name $$""",
    # Finds people by address, or adds them: a person may already be known to another group.
    """CREATE FUNCTION ensure_people(emails text[], names text[], functions text[], at timestamptz)
        RETURNS TABLE (person_id bigint, person_email text)
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        BEGIN
            INSERT INTO people (email, name, function, created_at)
                SELECT DISTINCT ON (e) e, n, f, at FROM unnest(emails, names, functions) AS given(e, n, f) ORDER BY e
                ON CONFLICT (email) DO NOTHING;
            RETURN QUERY SELECT id, email::text FROM people WHERE email = ANY (emails);
        END $$""",
    # A person's rights changed in a group: its open sessions get a new token at their next request.
    """CREATE FUNCTION rotate_sessions(people_ids bigint[]) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
        AS $$ UPDATE sessions SET rotate = true WHERE person_id = ANY (people_ids) $$""",
    # Blanks people who hold no role in any group since a moment; events still name their id. Returns how many.
    """CREATE FUNCTION purge_people(left_before timestamptz, at timestamptz) RETURNS bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH gone AS (
            UPDATE people p SET name = 'Personne partie', email = 'purged-' || p.id || '@invalid', function = '',
                phone = '', purged_at = at
            WHERE p.purged_at IS NULL AND NOT p.administrator
              AND EXISTS (SELECT FROM memberships m WHERE m.person_id = p.id)
              AND NOT EXISTS (SELECT FROM memberships m WHERE m.person_id = p.id
                  AND (m.ended_at IS NULL OR m.ended_at >= left_before))
            RETURNING p.id),
        closed AS (DELETE FROM sessions WHERE person_id IN (SELECT id FROM gone)),
        codes AS (DELETE FROM sign_in_codes WHERE person_id IN (SELECT id FROM gone)),
        factors AS (DELETE FROM second_factors WHERE person_id IN (SELECT id FROM gone)),
        tokens AS (DELETE FROM api_tokens WHERE person_id IN (SELECT id FROM gone)),
        mails AS (UPDATE messages SET recipient = '', body_text = '', body_html = ''
            WHERE person_id IN (SELECT id FROM gone))
        SELECT count(*) FROM gone $$""",
    # Takes messages that are due, of any group, under a lease. Two deliveries never take the same one.
    """CREATE FUNCTION claim_messages(new_lease text, at timestamptz, lease_until timestamptz, most integer)
        RETURNS SETOF messages
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE messages SET state = 'sending', lease = new_lease, next_try_at = lease_until
        WHERE id IN (
            SELECT id FROM messages WHERE state IN ('queued', 'sending') AND next_try_at <= at
            ORDER BY priority, next_try_at, id LIMIT most FOR UPDATE SKIP LOCKED)
        RETURNING * $$""",
    # Prolongs the leases that a delivery still holds, and says which; the others belong to somebody else now.
    """CREATE FUNCTION hold_messages(held_lease text, ids bigint[], lease_until timestamptz) RETURNS SETOF bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE messages SET next_try_at = lease_until
        WHERE id = ANY (ids) AND lease = held_lease AND state = 'sending' RETURNING id $$""",
    # What became of messages that a delivery holds; says of which, since a lease may be lost meanwhile. `tries` is
    # how many tries it counts for: none when it was not the messages' fault.
    """CREATE FUNCTION settle_messages(held_lease text, ids bigint[], new_state text, at timestamptz,
            try_at timestamptz, reason text, tries integer)
        RETURNS SETOF bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE messages SET state = new_state, lease = NULL, error = reason, next_try_at = coalesce(try_at, at),
            attempts = attempts + tries, sent_at = CASE WHEN new_state = 'sent' THEN at END
        WHERE id = ANY (ids) AND lease = held_lease AND state = 'sending' RETURNING id $$""",
    # What goes along with a mail that a delivery holds: the delivery is of no group, files are of one. Contents that
    # it knows already are not sent to it again.
    """CREATE FUNCTION attached_files(held_lease text, message_id bigint, known bytea[])
        RETURNS TABLE (sha256 bytea, name text, media_type text, content bytea)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT f.sha256, f.name, f.media_type, CASE WHEN f.sha256 <> ALL (known) THEN c.content END
        FROM messages m
        JOIN files f ON f.group_id = m.group_id AND f.id = ANY (m.attachments)
        JOIN file_contents c ON c.group_id = f.group_id AND c.sha256 = f.sha256
        WHERE m.id = message_id AND m.lease = held_lease AND m.state = 'sending'
        ORDER BY array_position(m.attachments, f.id) $$""",
    # The age of the worker's arrears, for /health/ready.
    """CREATE FUNCTION oldest_arrears(at timestamptz)
        RETURNS TABLE (reminder_due_at timestamptz, message_due_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT (SELECT min(due_at) FROM reminders WHERE state = 'planned' AND due_at <= at),
            (SELECT min(next_try_at) FROM messages WHERE state IN ('queued', 'sending') AND next_try_at <= at) $$""",
    # Takes the workbook that waits longest, of any group, under a lease, and says no more of it than where it is: all
    # the rest is read and written inside its group. A lease that ran out was held by a worker that is gone. The choice
    # is made apart: as a subquery of the UPDATE, PostgreSQL may run it once for each row, and take more than one.
    """CREATE FUNCTION claim_export(new_lease text, at timestamptz, until timestamptz)
    RETURNS TABLE (in_group bigint, export_id bigint)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH first AS MATERIALIZED (
        SELECT group_id, id FROM exports
        WHERE state = 'waiting' OR (state = 'writing' AND lease_until <= at)
        ORDER BY asked_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE exports SET state = 'writing', lease = new_lease, lease_until = until, tries = tries + 1, rows_done = 0
    FROM first WHERE exports.group_id = first.group_id AND exports.id = first.id
    RETURNING exports.group_id, exports.id $$""",
)
