"""A member's purchasing staff has a role of its own: it prepares what its member leads."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROLES = "role IN ('facilitator', 'reader', 'referent', 'finance', 'purchasing', 'lead_buyer')"
OF_MEMBER = "(role IN ('referent', 'finance', 'purchasing')) = (member_id IS NOT NULL)"


def upgrade() -> None:
    for table in ("memberships", "access_requests"):
        _replace(table, f"ck_{table}_role_known", ROLES)
    _replace("memberships", "ck_memberships_role_of_member", OF_MEMBER)


def _replace(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, sa.text(condition))
