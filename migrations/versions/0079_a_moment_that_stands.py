"""Within how long minutes may be written over is asked of the moment at which the statement began: one that goes on while
it runs could not be handed to several servers.
"""

from alembic import op

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # As before in all else: the latest version of minutes that are not published, by the database's own clock.
    op.execute("""CREATE OR REPLACE FUNCTION write_minutes_over(committee bigint, version integer, new_content text,
        at timestamptz) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE minutes_versions v SET content = new_content, written_at = at
        WHERE v.group_id = current_group_id() AND v.committee_id = committee AND v.number = version
            AND v.recorded_at > statement_timestamp() - interval '15 minutes'
            AND NOT EXISTS (SELECT FROM minutes_versions l WHERE l.group_id = v.group_id
                AND l.committee_id = v.committee_id AND l.number > v.number)
            AND NOT happened('committee', v.committee_id, 'committee.minuted')
        RETURNING true $$""")
