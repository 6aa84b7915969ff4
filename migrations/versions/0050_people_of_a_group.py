"""Whether somebody is or was in the group is asked of each person: as a list of all of them, it was put together anew for
every statement that names one.
"""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

POLICY = """
ALTER POLICY people_of_the_group ON people
    USING (current_group_id() IS NULL OR EXISTS (SELECT FROM memberships m WHERE m.person_id = people.id))"""


def upgrade() -> None:
    op.execute(POLICY)
