"""What groups learnt: sheets with questions and documents, and the one way by which other groups read some."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

TABLES = ("experiences", "experience_questions", "experience_files")
WORDS = "GENERATED ALWAYS AS (to_tsvector('french'::regconfig, search_text)) STORED"
TEXTS = ("title", "context", "done", "result", "differently", "figures", "contact", "search_text")


def upgrade() -> None:
    op.create_table(
        "experiences",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in TEXTS),
        sa.Column("cost_cents", sa.BigInteger(), nullable=True),
        sa.Column("action_id", sa.BigInteger(), nullable=True),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("supplier_id", sa.BigInteger(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("told_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("title <> ''", name=op.f("ck_experiences_has_title")),
        sa.CheckConstraint("cost_cents >= 0", name=op.f("ck_experiences_cost_not_negative")),
        *(_key("experiences", column, table) for column, table in
          (("action_id", "actions"), ("purchase_id", "purchases"), ("supplier_id", "suppliers"))),
        sa.ForeignKeyConstraint(["told_by"], ["people.id"], name=op.f("fk_experiences_told_by_people")),
        *_of_group("experiences"),
    )  # fmt: skip
    for columns in (["action_id"], ["purchase_id"], ["supplier_id"], ["told_at"]):
        _index("experiences", *columns)
    # Row-level security lets no index answer a search: its words are kept cut, so that none is cut for each question.
    op.execute("DROP INDEX ix_actions_search")
    for table in ("actions", "experiences"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN words tsvector NOT NULL {WORDS}")
    op.create_table(
        "experience_questions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("experience_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("content <> ''", name=op.f("ck_experience_questions_says_something")),
        sa.CheckConstraint("(answer = '') = (answered_at IS NULL)", name=op.f("ck_experience_questions_answered_once")),
        _key("experience_questions", "experience_id", "experiences", ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint([column], ["people.id"], name=op.f(f"fk_experience_questions_{column}_people"))
            for column in ("asked_by", "answered_by")
        ),
        *_of_group("experience_questions"),
    )
    _index("experience_questions", "experience_id", "id")
    op.create_table(
        "experience_files",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("experience_id", sa.BigInteger(), nullable=False),
        _key("experience_files", "experience_id", "experiences", ondelete="CASCADE"),
        _key("experience_files", "file_id", "files"),
        *_of_group("experience_files", key="file_id"),
    )
    _index("experience_files", "experience_id")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    op.execute(SHARED)


def _key(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", column],
        [f"{target}.group_id", f"{target}.id"],
        name=op.f(f"fk_{table}_group_id_{column}_{target}"),
        ondelete=ondelete,
    )


def _of_group(table: str, key: str = "id") -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f(f"fk_{table}_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", key, name=op.f(f"pk_{table}")),
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_group_id_{'_'.join(columns)}"), table, ["group_id", *columns])


# What other groups of the host consented to show, to a transaction that is in one: what a sheet says and the name of its
# group, without who told it, its questions, its documents and what it is tied to. One of them by its id, or the latest
# that answer a query (all of them where it is empty).
SHARED = """CREATE FUNCTION shared_experiences(query text, wanted bigint, most integer)
    RETURNS TABLE (id bigint, group_name text, title text, told_at timestamptz, context text, done text,
        cost_cents bigint, result text, differently text, figures text, contact text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT e.id, g.name::text, e.title::text, e.told_at, e.context::text, e.done::text, e.cost_cents, e.result::text,
        e.differently::text, e.figures::text, e.contact::text
    FROM experiences e JOIN groups g ON g.id = e.group_id AND g.archived_at IS NULL
    WHERE e.shared AND current_group_id() IS NOT NULL AND e.group_id <> current_group_id()
        AND (wanted IS NULL OR e.id = wanted)
        AND (query = '' OR e.words @@ websearch_to_tsquery('french'::regconfig, query))
    ORDER BY e.told_at DESC, e.id DESC LIMIT most $$"""
