"""Mails that come back: a worker, which is of no group, says of one that it did not arrive."""

from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Fails one message that was sent, of any group, where both parts of its Message-ID are named and the notification
    # came after it left (an older one is of an earlier try); clocks may be some minutes apart. Says whether it did.
    op.execute("""CREATE FUNCTION bounce_message(message bigint, written bigint, reason text, at timestamptz,
        arrived timestamptz) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH failed AS (
            UPDATE messages SET state = 'failed', error = reason, next_try_at = at
            WHERE id = message AND state = 'sent' AND floor(extract(epoch FROM created_at)) = written
                AND sent_at < arrived + interval '5 minutes'
            RETURNING id)
        SELECT EXISTS (SELECT FROM failed) $$""")
