"""Terms of actions: what they would cost, and who is in."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

TABLES = ("action_terms", "action_estimates", "action_answers")


def upgrade() -> None:
    op.create_table(
        "action_terms",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("mandate", sa.String(), nullable=False),
        sa.Column("exit_clause", sa.String(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("written_at", sa.TIMESTAMP(timezone=True), nullable=False),
        *_of_action("action_terms"),
    )
    op.create_table(
        "action_estimates",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("spread", sa.String(), nullable=False),
        sa.Column("unit_price_cents", sa.BigInteger(), nullable=False),
        sa.Column("vat_hundredths", sa.Integer(), nullable=False),
        sa.Column("charges_cents", sa.BigInteger(), nullable=False),
        sa.Column("charges_key", sa.String(), nullable=False),
        sa.Column("subsidy_hundredths", sa.Integer(), nullable=False),
        *(
            sa.CheckConstraint(said, name=op.f(f"ck_action_estimates_{name}"))
            for name, said in (
                ("spread_known", "spread IN ('population', 'agents', 'equal')"),
                ("charges_key_known", "charges_key IN ('equal', 'quantity', 'amount', 'population', 'agents')"),
                ("three_at_most", "place BETWEEN 1 AND 3"),
                ("named", "label <> '' AND item <> ''"),
                ("not_negative", "quantity >= 0 AND unit_price_cents >= 0 AND charges_cents >= 0"),
                ("percents", "vat_hundredths BETWEEN 0 AND 10000 AND subsidy_hundredths BETWEEN 0 AND 10000"),
            )
        ),
        *_of_action("action_estimates", "place"),
    )
    op.create_table(
        "action_answers",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("deliberation", sa.String(), nullable=False),
        sa.Column("deliberated_on", sa.Date(), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        *(
            sa.CheckConstraint(said, name=op.f(f"ck_action_answers_{name}"))
            for name, said in (
                ("position_known", "position IN ('in', 'under_condition', 'out')"),
                ("condition_said", "(position = 'under_condition') = (condition <> '')"),
                ("deliberation_dated", "(deliberation = '') = (deliberated_on IS NULL)"),
                ("quantity_not_negative", "quantity >= 0"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_action_answers_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_action_answers_answered_by_people")),
        *_of_action("action_answers", "member_id"),
    )
    op.create_index(op.f("ix_action_answers_group_id_member_id"), "action_answers", ["group_id", "member_id"])
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


def _of_action(table: str, *more: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f(f"fk_{table}_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "action_id"],
            ["actions.group_id", "actions.id"],
            name=op.f(f"fk_{table}_group_id_action_id_actions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "action_id", *more, name=op.f(f"pk_{table}")),
    )
