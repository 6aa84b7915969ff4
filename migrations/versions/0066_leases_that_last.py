"""A mail's lease is written anew only once some of it is gone: each time was a second version of its row."""

from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

# Says which messages a delivery still holds, and prolongs the leases of which 15 seconds or more are gone; the others
# belong to somebody else now. What is left then is longer than sending one mail may take.
HOLD = """CREATE OR REPLACE FUNCTION hold_messages(held_lease text, ids bigint[], lease_until timestamptz)
    RETURNS SETOF bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH prolonged AS (
        UPDATE messages SET next_try_at = lease_until
        WHERE id = ANY (ids) AND lease = held_lease AND state = 'sending'
            AND next_try_at <= lease_until - interval '15 seconds'
        RETURNING id)
    SELECT id FROM prolonged
    UNION ALL
    SELECT id FROM messages
    WHERE id = ANY (ids) AND lease = held_lease AND state = 'sending'
        AND next_try_at > lease_until - interval '15 seconds' $$"""


def upgrade() -> None:
    op.execute(HOLD)
