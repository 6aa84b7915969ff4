"""The national directory of authorities, which is the host's: every group reads it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KINDS = "'commune', 'CC', 'CA', 'CU', 'METRO', 'MET69'"


def upgrade() -> None:
    op.create_table(
        "authorities",
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("insee", sa.String(), nullable=True),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("body_siren", sa.String(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("postcodes", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("letters", sa.String(), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=False),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name=op.f("ck_authorities_siren_has_nine_digits")),
        sa.CheckConstraint("(kind = 'commune') = (insee IS NOT NULL)", name=op.f("ck_authorities_commune_has_insee")),
        sa.CheckConstraint("population >= 0", name=op.f("ck_authorities_population_not_negative")),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_authorities_kind_known")),
        sa.PrimaryKeyConstraint("siren", name=op.f("pk_authorities")),
    )
    op.create_index(op.f("ix_authorities_body_siren"), "authorities", ["body_siren"])
    op.create_index(op.f("ix_authorities_insee"), "authorities", ["insee"])
    op.create_index(
        op.f("ix_authorities_terms"),
        "authorities",
        ["terms"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "directory_editions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("loaded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "added >= 0 AND changed >= 0 AND gone >= 0", name=op.f("ck_directory_editions_counts_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_editions")),
    )
    for table in ("authorities", "directory_editions"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_the_host ON {table} FOR SELECT USING (true)")
