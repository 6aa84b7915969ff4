"""What stands as a record is dated by the database, and changes by named ways only.

The privileges that close the other ways are given by `pooling migrate` (kernel/migrations.py).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, known in (("events", "at"), ("minutes_versions", "begun_at")):
        op.add_column(table, sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
        op.execute(f"UPDATE {table} SET recorded_at = {known}")
        op.alter_column(table, "recorded_at", nullable=False, server_default=sa.text("clock_timestamp()"))
    for statement in NAMED_WAYS:
        op.execute(statement)


# They run as the owner, so each names the transaction's group itself. What is past comes from the journal, which the
# application's role cannot rewrite: a committee that it calls unpublished again stays published here.
NAMED_WAYS = (
    """CREATE FUNCTION happened(kind text, subject bigint, event text) RETURNS boolean
        LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT EXISTS (SELECT FROM events e WHERE e.group_id = current_group_id() AND e.subject_kind = kind
            AND e.subject_id = subject AND e.name = event) $$""",
    # Corrects a decision that is neither published nor carried out; says whether it was.
    """CREATE FUNCTION amend_decision(decision bigint, new_content text, votes_in_favour integer, votes_opposed integer,
            abstentions integer, purchase bigint, new_act text, new_terms jsonb) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE decisions d SET content = new_content, votes_for = votes_in_favour, votes_against = votes_opposed,
            votes_abstained = abstentions, purchase_id = purchase, act = new_act, terms = new_terms
        WHERE d.group_id = current_group_id() AND d.id = decision
            AND NOT happened('committee', d.committee_id, 'committee.minuted')
            AND NOT happened('decision', d.id, 'decision.applied')
        RETURNING true $$""",
    # Takes one out of the list, in the same case; says whether it was.
    """CREATE FUNCTION remove_decision(decision bigint) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DELETE FROM decisions d WHERE d.group_id = current_group_id() AND d.id = decision
            AND NOT happened('committee', d.committee_id, 'committee.minuted')
            AND NOT happened('decision', d.id, 'decision.applied')
        RETURNING true $$""",
    # Saves the latest version of minutes over, while it is a quarter of an hour old at most (the application says ten
    # minutes, by its own clock) and nothing is published; says whether it did.
    """CREATE FUNCTION write_minutes_over(committee bigint, version integer, new_content text, at timestamptz)
        RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE minutes_versions v SET content = new_content, written_at = at
        WHERE v.group_id = current_group_id() AND v.committee_id = committee AND v.number = version
            AND v.recorded_at > clock_timestamp() - interval '15 minutes'
            AND NOT EXISTS (SELECT FROM minutes_versions l WHERE l.group_id = v.group_id
                AND l.committee_id = v.committee_id AND l.number > v.number)
            AND NOT happened('committee', v.committee_id, 'committee.minuted')
        RETURNING true $$""",
)
