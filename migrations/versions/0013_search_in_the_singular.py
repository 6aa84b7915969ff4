"""What is searched is in the singular, its numbers in one piece.

Words were cut by their last s or x, which made `locau` of « locaux » and kept « 1 200 » as two words. The folded texts
that stand there are mended, as far as they tell what they were made from.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BATCH = 500
_THOUSANDS = re.compile(r"(?<![0-9])[0-9]{1,3}(?: [0-9]{3})+(?![0-9])")
_CUT = re.compile(r"\b[a-z]*[a-df-xz]au\b")
_OTHERS = {
    "travau": "travail",
    "vitrau": "vitrail",
    "corau": "corail",
    "emau": "email",
    "bau": "bail",
    "chau": "chaux",
    "fau": "faux",
    "tau": "taux",
}


def upgrade() -> None:
    connection = op.get_bind()
    after = (0, 0)
    while rows := connection.execute(
        sa.text(
            """SELECT group_id, id, search_text FROM committees
            WHERE search_text <> '' AND (group_id, id) > (:group, :id) ORDER BY group_id, id LIMIT :batch"""
        ),
        {"group": after[0], "id": after[1], "batch": BATCH},
    ).all():
        connection.execute(
            sa.text("UPDATE committees SET search_text = :text WHERE group_id = :group AND id = :id"),
            [{"text": mended(text), "group": group, "id": committee} for group, committee, text in rows],
        )
        after = (rows[-1][0], rows[-1][1])


def mended(folded: str) -> str:
    joined = _THOUSANDS.sub(lambda number: number[0].replace(" ", ""), folded)
    return _CUT.sub(lambda word: _OTHERS.get(word[0], word[0][:-1] + "l"), joined)
