"""Prioritisation rounds, and what is about one."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

ABOUT = ("decisions", "agenda_items", "difficulties", "attached_files", "agent_days")
OURS = ("rounds", "round_actions", "round_voters", "round_ballots", "round_marks")


def upgrade() -> None:
    op.add_column("actions", sa.Column("rank", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_actions_rank_from_one"), "actions", "rank > 0")
    _create_rounds()
    _create_votes()
    for table in OURS:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    _collect_for_rounds()
    for table in ABOUT:
        op.add_column(table, sa.Column("round_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_group_id_round_id_rounds"),
            table,
            "rounds",
            ["group_id", "round_id"],
            ["group_id", "id"],
        )
        op.create_check_constraint(op.f(f"ck_{table}_about_one"), table, "num_nonnulls(purchase_id, round_id) <= 1")
    op.drop_constraint(op.f("ck_attached_files_goes_with_one"), "attached_files")
    op.create_check_constraint(
        op.f("ck_attached_files_goes_with_one"),
        "attached_files",
        "num_nonnulls(committee_id, purchase_id, round_id) = 1",
    )
    op.drop_constraint(op.f("ck_decisions_act_has_subject"), "decisions")
    op.create_check_constraint(
        op.f("ck_decisions_act_has_subject"),
        "decisions",
        "act IS NULL OR num_nonnulls(purchase_id, round_id) = 1",
    )
    op.execute("DROP FUNCTION amend_decision(bigint, text, integer, integer, integer, bigint, text, jsonb)")
    op.execute(AMEND_DECISION)


# As before, with one more kind of subject.
AMEND_DECISION = """
CREATE FUNCTION amend_decision(decision bigint, new_content text, votes_in_favour integer, votes_opposed integer,
        abstentions integer, purchase bigint, prioritisation bigint, new_act text, new_terms jsonb) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE decisions d SET content = new_content, votes_for = votes_in_favour, votes_against = votes_opposed,
        votes_abstained = abstentions, purchase_id = purchase, round_id = prioritisation, act = new_act,
        terms = new_terms
    WHERE d.group_id = current_group_id() AND d.id = decision
        AND NOT happened('committee', d.committee_id, 'committee.minuted')
        AND NOT happened('decision', d.id, 'decision.applied')
    RETURNING true $$"""


def _create_rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("impact_weight", sa.Integer(), nullable=False),
        sa.Column("cost_weight", sa.Integer(), nullable=False),
        sa.Column("ease_weight", sa.Integer(), nullable=False),
        sa.Column("urgency_weight", sa.Integer(), nullable=False),
        sa.Column("weighting", sa.String(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("turnout_shown", sa.Boolean(), nullable=False),
        sa.Column("opens_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closes_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'adopted', 'cancelled')", name=op.f("ck_rounds_state_known")
        ),
        sa.CheckConstraint("method IN ('points', 'criteria')", name=op.f("ck_rounds_method_known")),
        sa.CheckConstraint("weighting IN ('member', 'population', 'agents')", name=op.f("ck_rounds_weighting_known")),
        sa.CheckConstraint("title <> ''", name=op.f("ck_rounds_has_title")),
        sa.CheckConstraint("(method = 'points') = (budget > 0)", name=op.f("ck_rounds_points_have_budget")),
        sa.CheckConstraint(
            "impact_weight >= 0 AND cost_weight >= 0 AND ease_weight >= 0 AND urgency_weight >= 0 AND "
            "(method = 'criteria') = (impact_weight + cost_weight + ease_weight + urgency_weight > 0)",
            name=op.f("ck_rounds_criteria_weigh"),
        ),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_rounds_closes_after_opening")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_rounds_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_rounds")),
        sa.UniqueConstraint("group_id", "reference", name=op.f("uq_rounds_group_id_reference")),
    )
    op.create_index(op.f("ix_rounds_group_id_state_id"), "rounds", ["group_id", "state", "id"])
    op.create_table(
        "round_actions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.CheckConstraint("rank > 0", name=op.f("ck_round_actions_rank_from_one")),
        sa.ForeignKeyConstraint(
            ["group_id", "action_id"],
            ["actions.group_id", "actions.id"],
            name=op.f("fk_round_actions_group_id_action_id_actions"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "round_id"],
            ["rounds.group_id", "rounds.id"],
            name=op.f("fk_round_actions_group_id_round_id_rounds"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_round_actions_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "round_id", "action_id", name=op.f("pk_round_actions")),
    )
    op.create_index(op.f("ix_round_actions_group_id_action_id"), "round_actions", ["group_id", "action_id"])


def _create_votes() -> None:
    op.create_table(
        "round_voters",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("weight >= 0", name=op.f("ck_round_voters_weight_not_negative")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_round_voters_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "round_id"],
            ["rounds.group_id", "rounds.id"],
            name=op.f("fk_round_voters_group_id_round_id_rounds"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_round_voters_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "round_id", "member_id", name=op.f("pk_round_voters")),
    )
    op.create_index(op.f("ix_round_voters_group_id_member_id"), "round_voters", ["group_id", "member_id"])
    op.create_table(
        "round_ballots",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("filed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("filed_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["filed_by"], ["people.id"], name=op.f("fk_round_ballots_filed_by_people")),
        sa.ForeignKeyConstraint(
            ["group_id", "round_id", "member_id"],
            ["round_voters.group_id", "round_voters.round_id", "round_voters.member_id"],
            name=op.f("fk_round_ballots_group_id_round_id_member_id_round_voters"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_round_ballots_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "round_id", "member_id", name=op.f("pk_round_ballots")),
    )
    op.create_table(
        "round_marks",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "mark IN ('points', 'impact', 'cost', 'ease', 'urgency')", name=op.f("ck_round_marks_mark_known")
        ),
        sa.CheckConstraint("value > 0 AND (mark = 'points' OR value <= 5)", name=op.f("ck_round_marks_value_fits")),
        sa.ForeignKeyConstraint(
            ["group_id", "round_id", "action_id"],
            ["round_actions.group_id", "round_actions.round_id", "round_actions.action_id"],
            name=op.f("fk_round_marks_group_id_round_id_action_id_round_actions"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "round_id", "member_id"],
            ["round_ballots.group_id", "round_ballots.round_id", "round_ballots.member_id"],
            name=op.f("fk_round_marks_group_id_round_id_member_id_round_ballots"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_round_marks_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "round_id", "member_id", "action_id", "mark", name=op.f("pk_round_marks")),
    )


def _collect_for_rounds() -> None:
    op.add_column("collections", sa.Column("round_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_collections_group_id_round_id_rounds"),
        "collections",
        "rounds",
        ["group_id", "round_id"],
        ["group_id", "id"],
    )
    op.create_unique_constraint(op.f("uq_collections_group_id_round_id"), "collections", ["group_id", "round_id"])
    op.drop_constraint(op.f("ck_collections_one_subject"), "collections")
    op.create_check_constraint(
        op.f("ck_collections_one_subject"), "collections", "num_nonnulls(purchase_id, round_id) = 1"
    )
