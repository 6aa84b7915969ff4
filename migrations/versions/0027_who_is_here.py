"""Who is here, in one statement each: who holds a session or a token, what a person is in the group that a transaction
enters, and one more try of what is counted.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_AS_OWNER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS"
_GROUP = "group_id bigint, slug text, group_name text, timezone text, fictional boolean, second_factor_required boolean"
_ITS_GROUP = "g.id, g.slug::text, g.name::text, g.timezone::text, g.fictional, g.second_factor_required"
FUNCTIONS = (
    # Who holds the session of this token's hash, a row for each group that they may enter (or one without any). Whoever
    # knows no token learns nothing.
    f"""CREATE FUNCTION session_held(hash bytea, at timestamptz, seen_since timestamptz)
    RETURNS TABLE (session_id bigint, person_id bigint, name text, email text, administrator boolean,
        confirmed_at timestamptz, seen_at timestamptz, second_factor_at timestamptz, enrolled_at timestamptz,
        rotate boolean, {_GROUP})
    LANGUAGE sql STABLE {_AS_OWNER} $$
    SELECT s.id, p.id, p.name::text, p.email::text, p.administrator, s.confirmed_at, s.seen_at, s.second_factor_at,
        f.confirmed_at, s.rotate, {_ITS_GROUP}
    FROM sessions s JOIN people p ON p.id = s.person_id
    LEFT JOIN second_factors f ON f.person_id = p.id
    LEFT JOIN LATERAL groups_of_person(p.id) g ON true
    WHERE s.token_hash = hash AND s.expires_at > at AND s.seen_at > seen_since
    ORDER BY g.name $$""",
    # The same for a token of a program, which opens one group: without it once its person may no longer enter it.
    f"""CREATE FUNCTION token_held(hash bytea, at timestamptz)
    RETURNS TABLE (token_id bigint, token_name text, prefix text, scope text, expires_at timestamptz,
        last_used_at timestamptz, person_id bigint, name text, email text, {_GROUP})
    LANGUAGE sql STABLE {_AS_OWNER} $$
    SELECT t.id, t.name::text, t.prefix::text, t.scope::text, t.expires_at, t.last_used_at, p.id, p.name::text,
        p.email::text, {_ITS_GROUP}
    FROM api_tokens t JOIN people p ON p.id = t.person_id
    LEFT JOIN LATERAL groups_of_person(p.id) g ON g.id = t.group_id
    WHERE t.token_hash = hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > at)
        AND p.purged_at IS NULL $$""",
    # Binds the rest of the transaction to a group, and says what this person is there. Runs as who calls it: what it
    # reads is the group's own.
    """CREATE FUNCTION enter_group_as(wanted bigint, person bigint)
    RETURNS TABLE (role text, member_id bigint, purchase_id bigint, lines_visible_to_all boolean)
    LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        PERFORM set_config('pooling.group_id', wanted::text, true);
        RETURN QUERY SELECT m.role::text, m.member_id, m.purchase_id, g.lines_visible_to_all
            FROM memberships m JOIN groups g ON g.id = m.group_id
            WHERE m.group_id = wanted AND m.person_id = person AND m.ended_at IS NULL;
    END $$""",
    # Counts what is done so many times more, in whichever group: counters are of none. Says how often since its window
    # began.
    f"""CREATE FUNCTION count_try(counter text, at timestamptz, begun timestamptz, times integer) RETURNS integer
    LANGUAGE sql VOLATILE {_AS_OWNER} $$
    INSERT INTO throttles AS t (key, since, count) VALUES (counter, at, times)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN t.since <= begun THEN excluded.count ELSE t.count + excluded.count END,
        since = CASE WHEN t.since <= begun THEN excluded.since ELSE t.since END
    RETURNING count $$""",
)


def upgrade() -> None:
    for statement in FUNCTIONS:
        op.execute(statement)
