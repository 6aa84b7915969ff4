"""Terms of actions: several items, aids with ceilings, a calendar, files of answers, the purchase made of them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

TABLES = ("action_items", "action_aids")


def upgrade() -> None:
    _items()
    _aids()
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    _terms()
    _estimates()
    _answers()
    _files()


def _items() -> None:
    op.create_table(
        "action_items",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("code", "name", "unit")),
        sa.Column("unit_price_cents", sa.BigInteger(), nullable=False),
        sa.Column("vat_hundredths", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("cpv", "account")),
        sa.Column("price_alone_cents", sa.BigInteger(), nullable=True),
        sa.Column("price_source", sa.String(), nullable=False),
        sa.Column("priced_on", sa.Date(), nullable=True),
        *_checks(
            "action_items",
            ("named", "code <> '' AND name <> '' AND unit <> ''"),
            ("twelve_at_most", "position BETWEEN 1 AND 12"),
            ("not_negative", "unit_price_cents >= 0 AND price_alone_cents >= 0"),
            ("percent", "vat_hundredths BETWEEN 0 AND 10000"),
            ("cpv_has_check_digit", "cpv = '' OR cpv ~ '^[0-9]{8}-[0-9]$'"),
            ("account_has_digits", "account = '' OR account ~ '^[1-8][0-9]{1,9}$'"),
            (
                "price_has_source",
                (
                    "(price_alone_cents IS NULL) = (price_source = '') AND "
                    "(price_alone_cents IS NULL) = (priced_on IS NULL)"
                ),
            ),
        ),
        *_of_action("action_items", "position"),
        sa.UniqueConstraint("group_id", "action_id", "code", name=op.f("uq_action_items_group_id_action_id_code")),
    )
    # Each estimate had one item; those that are the same thing at the same price become one.
    op.execute(
        """
        INSERT INTO action_items (group_id, action_id, position, code, name, unit, unit_price_cents, vat_hundredths,
            cpv, account, price_source)
        SELECT e.group_id, e.action_id, min(e.place), 'article-' || min(e.place), e.item, 'unité',
            e.unit_price_cents, e.vat_hundredths, '', '', ''
        FROM action_estimates e
        GROUP BY e.group_id, e.action_id, e.item, e.unit_price_cents, e.vat_hundredths
        """
    )


def _aids() -> None:
    op.create_table(
        "action_aids",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("rate_hundredths", sa.Integer(), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in ("amount_cents", "cap_per_unit_cents", "cap_total_cents")
        ),
        sa.Column("item", sa.String(), nullable=False),
        *_checks(
            "action_aids",
            ("six_at_most", "place BETWEEN 1 AND 3 AND position BETWEEN 1 AND 6"),
            ("named", "label <> ''"),
            ("rate_or_amount", "(rate_hundredths IS NULL) <> (amount_cents IS NULL)"),
            ("percent", "rate_hundredths BETWEEN 0 AND 10000"),
            ("not_negative", "amount_cents >= 0 AND cap_per_unit_cents >= 0 AND cap_total_cents >= 0"),
            (
                "rate_has_ceilings",
                "amount_cents IS NULL OR (cap_per_unit_cents IS NULL AND cap_total_cents IS NULL)",
            ),
        ),
        *_of_action("action_aids", "place", "position"),
    )
    op.execute(
        """
        INSERT INTO action_aids (group_id, action_id, place, position, label, rate_hundredths, item)
        SELECT group_id, action_id, place, 1, 'Aide', subsidy_hundredths, ''
        FROM action_estimates WHERE subsidy_hundredths > 0
        """
    )


def _terms() -> None:
    for name, value in (("kind", "goods"), ("coordination", ""), ("purchase_reference", "")):
        op.add_column("action_terms", sa.Column(name, sa.String(), nullable=False, server_default=value))
        op.alter_column("action_terms", name, server_default=None)
    op.add_column("action_terms", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("action_terms", "revision", server_default=None)
    op.add_column("action_terms", sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=True))
    for name in ("order_by", "deliver_by"):
        op.add_column("action_terms", sa.Column(name, sa.Date(), nullable=True))
    op.execute("UPDATE action_terms SET asked_at = written_at WHERE answer_by IS NOT NULL")
    _add_checks(
        "action_terms",
        ("kind_known", "kind IN ('goods', 'service', 'staff_offer', 'outside')"),
        ("coordination_known", "coordination IN ('', 'procedure_only', 'sign_and_notify', 'full')"),
        ("ordered_before_delivered", "order_by <= deliver_by"),
        ("asked_until_a_day", "(answer_by IS NULL) = (asked_at IS NULL) AND revision >= 1"),
    )


def _estimates() -> None:
    for name in ("named", "not_negative", "percents"):
        op.drop_constraint(op.f(f"ck_action_estimates_{name}"), "action_estimates")
    columns: tuple[tuple[str, Any, str], ...] = (
        ("quantities", postgresql.JSONB(), "{}"),
        ("charges_label", sa.String(), "Frais partagés"),
        ("charges_vat_hundredths", sa.Integer(), "2000"),
    )
    for name, kind, value in columns:
        op.add_column("action_estimates", sa.Column(name, kind, nullable=False, server_default=value))
        op.alter_column("action_estimates", name, server_default=None)
    op.execute(
        """
        UPDATE action_estimates e SET charges_vat_hundredths = e.vat_hundredths,
            quantities = jsonb_build_object(i.code, e.quantity)
        FROM action_items i
        WHERE i.group_id = e.group_id AND i.action_id = e.action_id AND i.name = e.item
            AND i.unit_price_cents = e.unit_price_cents AND i.vat_hundredths = e.vat_hundredths
        """
    )
    for name in ("item", "quantity", "unit_price_cents", "vat_hundredths", "subsidy_hundredths"):
        op.drop_column("action_estimates", name)
    _add_checks(
        "action_estimates",
        ("named", "label <> '' AND charges_label <> ''"),
        ("not_negative", "charges_cents >= 0"),
        ("percent", "charges_vat_hundredths BETWEEN 0 AND 10000"),
        ("quantities_by_item", "jsonb_typeof(quantities) = 'object'"),
    )


def _answers() -> None:
    op.add_column("action_answers", sa.Column("quantities", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.alter_column("action_answers", "quantities", server_default=None)
    op.execute(
        """
        UPDATE action_answers a SET quantities = (
            SELECT jsonb_object_agg(i.code, a.quantity) FROM action_items i
            WHERE i.group_id = a.group_id AND i.action_id = a.action_id)
        WHERE a.quantity IS NOT NULL AND EXISTS (
            SELECT FROM action_items i WHERE i.group_id = a.group_id AND i.action_id = a.action_id)
        """
    )
    op.drop_constraint(op.f("ck_action_answers_quantity_not_negative"), "action_answers")
    op.drop_column("action_answers", "quantity")
    _add_checks("action_answers", ("quantities_by_item", "jsonb_typeof(quantities) = 'object'"))


def _files() -> None:
    op.add_column("attached_files", sa.Column("answering_id", sa.BigInteger(), nullable=True))
    _add_checks("attached_files", ("answer_of_action", "answering_id IS NULL OR action_id IS NOT NULL"))
    op.create_foreign_key(
        op.f("fk_attached_files_group_id_action_id_answering_id_action_answers"),
        "attached_files",
        "action_answers",
        ["group_id", "action_id", "answering_id"],
        ["group_id", "action_id", "member_id"],
    )


def _add_checks(table: str, *checks: tuple[str, str]) -> None:
    for name, said in checks:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, said)


def _checks(table: str, *checks: tuple[str, str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(said, name=op.f(f"ck_{table}_{name}")) for name, said in checks]


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
