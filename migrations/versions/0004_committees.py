"""Committees whole: agenda, answers, minutes, decisions, difficulties, files, calendars; reminders as groups want them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_tables()
    _add_columns()
    for table, name, check in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    for function in FUNCTIONS:
        op.execute(function)


def _create_tables() -> None:
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
    op.create_table(
        "file_contents",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_file_contents_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "sha256", name=op.f("pk_file_contents")),
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


def _add_columns() -> None:
    op.add_column("committee_invitations", sa.Column("answer", sa.String(), nullable=True))
    op.add_column("committee_invitations", sa.Column("proxy_id", sa.BigInteger(), nullable=True))
    op.add_column("committee_invitations", sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("committee_invitations", sa.Column("present", sa.Boolean(), nullable=True))
    op.create_foreign_key(
        "fk_committee_invitations_proxy",
        "committee_invitations",
        "committee_invitations",
        ["group_id", "committee_id", "proxy_id"],
        ["group_id", "committee_id", "person_id"],
    )
    op.add_column("committees", sa.Column("kind", sa.String(), server_default="working_group", nullable=False))
    op.add_column("committees", sa.Column("clear_days", sa.Integer(), server_default="5", nullable=False))
    op.add_column("committees", sa.Column("convened_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("committees", sa.Column("convocation_file_id", sa.BigInteger(), nullable=True))
    op.add_column("committees", sa.Column("minutes_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("committees", sa.Column("minutes_file_id", sa.BigInteger(), nullable=True))
    op.add_column("committees", sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("committees", sa.Column("search_text", sa.String(), server_default="", nullable=False))
    op.create_index(
        "ix_committees_search",
        "committees",
        [sa.literal_column("to_tsvector('french'::regconfig, search_text)")],
        unique=False,
        postgresql_using="gin",
    )
    for column in ("minutes_file_id", "convocation_file_id"):
        op.create_foreign_key(
            op.f(f"fk_committees_group_id_{column}_files"),
            "committees",
            "files",
            ["group_id", column],
            ["group_id", "id"],
        )
    op.execute(
        r"""INSERT INTO agenda_items (group_id, committee_id, position, title, topic, presenter)
        SELECT c.group_id, c.id, line.place, btrim(regexp_replace(line.text, '^\s*([-–—•*]|[0-9]{1,2}\s*[.)°-])\s*', '')),
            'typed', ''
        FROM committees c, regexp_split_to_table(c.agenda, E'\n') WITH ORDINALITY AS line(text, place)
        WHERE btrim(line.text) <> ''"""
    )
    op.execute(
        """UPDATE committees SET published_at = ends_at, search_text = translate(
            lower(title || ' ' || minutes), 'àâäéèêëîïôöùûüÿç’', 'aaaeeeeiioouuuyc ') WHERE state = 'minuted'"""
    )
    op.execute(
        """INSERT INTO minutes_versions (group_id, committee_id, number, content, written_by, begun_at, written_at)
        SELECT DISTINCT ON (c.group_id, c.id) c.group_id, c.id, 1, c.minutes, e.person_id, e.at, e.at
        FROM committees c JOIN events e ON e.group_id = c.group_id AND e.subject_kind = 'committee'
            AND e.subject_id = c.id AND e.name IN ('committee.minutes_written', 'committee.minuted')
        WHERE c.minutes <> '' AND e.person_id IS NOT NULL ORDER BY c.group_id, c.id, e.id DESC"""
    )
    op.execute(
        """UPDATE committees c SET minutes_version = 1 FROM minutes_versions v
        WHERE v.group_id = c.group_id AND v.committee_id = c.id"""
    )
    op.drop_column("committees", "agenda")
    op.add_column("events", sa.Column("decision_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_events_group_id_decision_id_decisions"),
        "events",
        "decisions",
        ["group_id", "decision_id"],
        ["group_id", "id"],
    )
    op.add_column("groups", sa.Column("committee_every_months", sa.Integer(), server_default="3", nullable=False))
    op.add_column("groups", sa.Column("quorum_percent", sa.Integer(), nullable=True))
    op.add_column("groups", sa.Column("school_zone", sa.String(), server_default="", nullable=False))
    op.add_column("reminders", sa.Column("hastened_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_reminders_hastened_at"),
        "reminders",
        ["hastened_at"],
        unique=False,
        postgresql_where=sa.text("state = 'planned' AND hastened_at IS NOT NULL"),
    )
    op.add_column("messages", sa.Column("unsubscribe_url", sa.String(), nullable=True))
    op.drop_column("messages", "attachments")
    op.add_column(
        "messages", sa.Column("attachments", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False)
    )
    op.add_column(
        "people",
        sa.Column(
            "mail_key",
            sa.String(),
            server_default=sa.text("replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '')"),
            nullable=False,
        ),
    )
    op.create_unique_constraint(op.f("uq_people_mail_key"), "people", ["mail_key"])


CHECKS = (
    ("committees", "kind_known", "kind IN ('working_group', 'steering', 'formal')"),
    ("committees", "clear_days", "clear_days IN (1, 3, 5)"),
    ("committee_invitations", "answer_known", "answer IN ('yes', 'no', 'proxy')"),
    (
        "committee_invitations",
        "proxy_named",
        "(answer IS NOT NULL AND answer = 'proxy') = (proxy_id IS NOT NULL)",
    ),
    ("committee_invitations", "proxy_is_another", "proxy_id <> person_id"),
    ("groups", "cadence", "committee_every_months BETWEEN 1 AND 12"),
    ("groups", "quorum_is_percent", "quorum_percent BETWEEN 0 AND 99"),
    ("groups", "school_zone_known", "school_zone IN ('', 'A', 'B', 'C')"),
)

TENANT_TABLES = (
    "files", "file_contents", "agenda_items", "minutes_versions", "decisions", "difficulties", "committee_files",
    "calendar_feeds", "reminder_settings", "reminder_opt_outs",
)  # fmt: skip

FUNCTIONS = (
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
)
