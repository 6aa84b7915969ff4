"""Decisions, items of agendas, difficulties and files may be about an action; a purchase may serve one."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

ABOUT = ("agenda_items", "agent_days", "attached_files", "decisions", "difficulties")
HELD = {
    ("attached_files", "goes_with_one"): "num_nonnulls(committee_id, purchase_id, round_id, action_id) = 1",
    ("decisions", "act_has_subject"): "act IS NULL OR num_nonnulls(purchase_id, round_id, action_id) = 1",
}


def upgrade() -> None:
    for table in (*ABOUT, "purchases"):
        op.add_column(table, sa.Column("action_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_group_id_action_id_actions"),
            table,
            "actions",
            ["group_id", "action_id"],
            ["group_id", "id"],
        )
    for table in ("agent_days", "attached_files", "decisions", "difficulties", "purchases"):
        op.create_index(op.f(f"ix_{table}_group_id_action_id"), table, ["group_id", "action_id"])
    for table in ABOUT:
        op.drop_constraint(op.f(f"ck_{table}_about_one"), table, type_="check")
        _check(table, "about_one", "num_nonnulls(purchase_id, round_id, action_id) <= 1")
    for (table, name), condition in HELD.items():
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        _check(table, name, condition)
    op.execute(f"DROP FUNCTION amend_decision({FORMER})")
    op.execute(AMEND)


def _check(table: str, name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, sa.text(condition))


FORMER = "bigint, text, integer, integer, integer, bigint, bigint, text, jsonb"
# As before, with one more kind of subject.
AMEND = """CREATE FUNCTION amend_decision(decision bigint, new_content text, votes_in_favour integer,
        votes_opposed integer, abstentions integer, purchase bigint, prioritisation bigint, action bigint, new_act text,
        new_terms jsonb)
    RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE decisions d SET content = new_content, votes_for = votes_in_favour, votes_against = votes_opposed,
        votes_abstained = abstentions, purchase_id = purchase, round_id = prioritisation, action_id = action, act = new_act,
        terms = new_terms
    WHERE d.group_id = current_group_id() AND d.id = decision
        AND NOT happened('committee', d.committee_id, 'committee.minuted')
        AND NOT happened('decision', d.id, 'decision.applied')
    RETURNING true $$"""
