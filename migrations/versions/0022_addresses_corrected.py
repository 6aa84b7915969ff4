"""A wrong address can be corrected: who ever signed in, a change that waits for its proof, the ways across groups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from pooling.kernel.text import clean
from pooling.mail_addresses import is_address, kept_address

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

STEPS_ACROSS_GROUPS = (
    # Whether another group than the transaction's knows somebody, or knew them: nothing of which, nor as what.
    """CREATE FUNCTION known_elsewhere(person bigint) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT EXISTS (SELECT FROM memberships
            WHERE person_id = person AND group_id IS DISTINCT FROM current_group_id()) $$""",
    # Puts another address in the place of a person's former one, and says whether it did: not if the former one is no
    # longer theirs, nor if the other is somebody's. What waits to be mailed goes there, in every group (a delivery
    # that holds such a mail finds its lease lost); codes on their way to the former mailbox are dead, and so are the
    # keys in mails that it received.
    """CREATE FUNCTION move_address(person bigint, former text, present text, at timestamptz) RETURNS boolean
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            former_key text;
            present_key text := replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
        BEGIN
            SELECT mail_key INTO former_key FROM people
                WHERE id = person AND email = former AND purged_at IS NULL FOR UPDATE;
            IF NOT FOUND THEN
                RETURN false;
            END IF;
            BEGIN
                UPDATE people SET email = present, mail_key = present_key WHERE id = person;
            EXCEPTION WHEN unique_violation THEN
                RETURN false;
            END;
            DELETE FROM sign_in_codes WHERE person_id = person;
            UPDATE messages SET state = 'queued', lease = NULL, recipient = present, next_try_at = at, attempts = 0,
                    body_text = replace(body_text, former_key, present_key),
                    body_html = replace(body_html, former_key, present_key),
                    unsubscribe_url = replace(unsubscribe_url, former_key, present_key)
                WHERE person_id = person AND recipient = former AND state IN ('queued', 'sending')
                    AND group_id IS NOT NULL;
            UPDATE messages SET state = 'failed', lease = NULL, error = 'withdrawn: it was for a former address'
                WHERE person_id = person AND recipient = former AND state IN ('queued', 'sending')
                    AND group_id IS NULL;
            RETURN true;
        END $$""",
)

# Whoever left no trace of having come: an address that cannot be mailed, or that nobody reads, is among them.
SIGNED_IN_BEFORE = """
UPDATE people p SET signed_in_at = created_at
WHERE administrator
    OR EXISTS (SELECT FROM sessions s WHERE s.person_id = p.id)
    OR EXISTS (SELECT FROM sign_in_codes c WHERE c.person_id = p.id AND c.used_at IS NOT NULL)
    OR EXISTS (SELECT FROM messages m WHERE m.person_id = p.id AND m.group_id IS NULL AND m.state = 'sent')
    OR EXISTS (SELECT FROM api_tokens t WHERE t.person_id = p.id)
    OR EXISTS (SELECT FROM events e WHERE e.person_id = p.id)
"""


# Whatever looks like this can be mailed; what does not is looked at. Some were taken before there was one definition.
PLAIN = r"^[a-z0-9]+([._+-][a-z0-9]+)*@[a-z0-9]+([.-][a-z0-9]+)*\.[a-z]{2,}$"


def clean_addresses(connection: sa.Connection) -> None:
    """Takes off what nobody sees and composes letters, where that makes an address which nobody has. What stays wrong
    is shown to the group's facilitator, under the mails that failed.
    """
    doubtful = connection.execute(
        sa.text("SELECT id, email FROM people WHERE purged_at IS NULL AND email !~ :plain"), {"plain": PLAIN}
    ).all()
    for person_id, email in doubtful:
        cleaned = kept_address(clean(email))
        if cleaned != email and is_address(cleaned):
            connection.execute(
                sa.text(
                    "UPDATE people SET email = :cleaned WHERE id = :id "
                    "AND NOT EXISTS (SELECT FROM people WHERE email = :cleaned)"
                ),
                {"id": person_id, "cleaned": cleaned},
            )
            connection.execute(
                sa.text(
                    "UPDATE messages SET recipient = :cleaned WHERE person_id = :id AND recipient = :former "
                    "AND state IN ('queued', 'sending') AND EXISTS (SELECT FROM people WHERE id = :id AND email = :cleaned)"
                ),
                {"id": person_id, "cleaned": cleaned, "former": email},
            )


def upgrade() -> None:
    clean_addresses(op.get_bind())
    op.add_column("people", sa.Column("signed_in_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.execute(SIGNED_IN_BEFORE)
    op.create_table(
        "address_changes",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_address_changes_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_address_changes")),
    )
    op.execute("ALTER TABLE address_changes ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY no_group ON address_changes "
        "USING (current_group_id() IS NULL) WITH CHECK (current_group_id() IS NULL)"
    )
    for step in STEPS_ACROSS_GROUPS:
        op.execute(step)
