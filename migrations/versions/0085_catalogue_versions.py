"""What the host adds to the catalogue of actions: versions that stay, written by administrators alone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None

# A further version of an entry, in the name of an administrator of the installation: for anybody else, or where
# another version came in between, no row is written and nothing comes back.
WRITE = """CREATE FUNCTION write_catalogue_version(
        entry text, after integer, said jsonb, away boolean, at timestamptz, author bigint)
    RETURNS integer
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO catalogue_versions (code, number, content, withdrawn, written_at, written_by)
    SELECT entry, after + 1, said, away, at, p.id
    FROM people p
    WHERE p.id = author AND p.administrator AND p.purged_at IS NULL
        AND after = (SELECT coalesce(max(v.number), 0) FROM catalogue_versions v WHERE v.code = entry)
    ON CONFLICT DO NOTHING
    RETURNING number $$"""


def upgrade() -> None:
    op.create_table(
        "catalogue_versions",
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("written_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9-]{0,39}$'", name=op.f("ck_catalogue_versions_code_is_a_name")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_catalogue_versions_counts_from_one")),
        sa.CheckConstraint("content ->> 'code' = code", name=op.f("ck_catalogue_versions_content_has_its_code")),
        sa.ForeignKeyConstraint(["written_by"], ["people.id"], name=op.f("fk_catalogue_versions_written_by_people")),
        sa.PrimaryKeyConstraint("code", "number", name=op.f("pk_catalogue_versions")),
    )
    op.create_index(op.f("ix_catalogue_versions_written_at"), "catalogue_versions", ["written_at"])
    op.execute("ALTER TABLE catalogue_versions ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY of_the_host ON catalogue_versions FOR SELECT USING (true)")
    op.execute(WRITE)
