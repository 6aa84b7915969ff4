"""Pages that name people of a large group: the fold of a name is kept and indexed, and who may be seen is looked up
one by one (OFFSET 0: not in a list of all). Before, the whole group was gone through for each page that named somebody.
"""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

FOLDED = (
    "lower(translate(replace(replace(replace(name, 'œ', 'oe'), 'Œ', 'oe'), 'æ', 'ae'), "
    "'àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸ', 'aaaaaaceeeeiiiinooooouuuuyyAAAAAACEEEEIIIINOOOOOUUUUYY'))"
)
ODD = r"(email ~ '^[a-z0-9]+([._+-][a-z0-9]+)*@[a-z0-9]+([.-][a-z0-9]+)*\.(fr|eu|com|net|org|example)$') IS FALSE"


def upgrade() -> None:
    op.execute(
        f'ALTER TABLE people ADD COLUMN folded_name varchar COLLATE "C" NOT NULL GENERATED ALWAYS AS ({FOLDED}) STORED'
    )
    op.execute("CREATE INDEX ix_people_folded_name_id ON people (folded_name, id)")
    op.execute(f"ALTER TABLE people ADD COLUMN odd_address boolean NOT NULL GENERATED ALWAYS AS ({ODD}) STORED")
    op.execute("CREATE INDEX ix_people_odd_address ON people (id) WHERE odd_address")
    op.execute(
        """ALTER POLICY people_of_the_group ON people USING (
            current_group_id() IS NULL
            OR EXISTS (SELECT FROM memberships m WHERE m.person_id = people.id OFFSET 0))"""
    )
    # Both at once, so that it is taken for the index above all others also before thousands of new rows are counted.
    op.execute("DROP INDEX ix_memberships_person_id")
    op.execute("CREATE INDEX ix_memberships_person_id_group_id ON memberships (person_id, group_id)")
    op.execute("CREATE INDEX ix_messages_failed ON messages (group_id, id) WHERE state = 'failed'")
    op.execute(
        "CREATE INDEX ix_messages_group_id_created_at ON messages (group_id, created_at) "
        "WHERE state IN ('queued', 'sending')"
    )
    # asked once a statement, not once a row
    op.execute(
        """ALTER POLICY same_group_or_none ON messages
            USING (group_id IS NOT DISTINCT FROM (SELECT current_group_id()))
            WITH CHECK (group_id IS NOT DISTINCT FROM (SELECT current_group_id()))"""
    )
