"""How tables are written: names of constraints, keys, and the group in every tenant key.

Imported before any model, since SQLAlchemy names a constraint when its table is declared.
"""

from collections.abc import Collection
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Identity,
    SQLColumnExpression,
    String,
    and_,
    any_,
    cast,
    func,
    literal,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, QueryableAttribute
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel, col

from pooling.kernel.errors import NotFound
from pooling.kernel.text import whole_number

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = SQLModel.metadata
LARGEST_ID = 2**63 - 1
"""Of what an address or a form names: no row has a larger one."""


def id_typed(typed: str) -> int | None:
    """The id that an address or a field names; None for what no row has."""
    named = whole_number(typed, len(str(LARGEST_ID)) - 1)
    return named or None


def may_be_id(named: int) -> bool:
    return 0 < named <= LARGEST_ID


def known_id(named: int) -> int:
    """An id that a row may have.

    Raises:
        NotFound: none has.
    """
    if not may_be_id(named):
        raise NotFound
    return named


class Table(SQLModel):
    """Base of every table. What pydantic would check rows with is not built: rows come from the database, or from
    commands that were checked.
    """

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]


class TenantTable(Table):
    """Base of every table of a group. `group_id` opens its primary key, so that a composite foreign key can never
    join two groups; `pooling.kernel.database` adds the group to every statement on it, row-level security to the rest.
    """

    group_id: int = Field(primary_key=True, sa_type=BigInteger)


class HostTable(Table):
    """Base of every table of the host: all groups read it, the application's role writes none of it
    (`kernel/migrations.py`). What renews it runs as the owner, or is a function of the owner's.
    """


def identity() -> Any:  # noqa: ANN401
    """An `id` that the database gives, in order of creation."""
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity()])


def instant(*, nullable: bool = False) -> Any:  # noqa: ANN401
    """A column of aware instants."""
    if nullable:
        return Field(default=None, nullable=True, sa_type=TIMESTAMP(timezone=True))
    return Field(sa_type=TIMESTAMP(timezone=True))


def recorded() -> Any:  # noqa: ANN401
    """When the database wrote the row. The application's role may read it and cannot choose it."""
    return Field(
        default=None,
        nullable=False,
        sa_type=TIMESTAMP(timezone=True),
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
    )


def foreign_id(*, nullable: bool = False) -> Any:  # noqa: ANN401
    """A column that holds another row's id."""
    return Field(default=None, nullable=True, sa_type=BigInteger) if nullable else Field(sa_type=BigInteger)


def sort_column() -> Any:  # noqa: ANN401
    """A stored `sort_key`, compared byte by byte whatever the database's collation is."""
    return Field(sa_type=String(collation="C"))


_ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸ"
_PLAIN = "aaaaaaceeeeiiiinooooouuuuyyAAAAAACEEEEIIIINOOOOOUUUUYY"


def folded_column(name: ColumnElement[str] | Mapped[str]) -> ColumnElement[str]:
    """As `kernel.text.folded_words` folds letters, but in the database (which need know no French)."""
    without_ligatures = func.replace(func.replace(func.replace(name, "œ", "oe"), "Œ", "oe"), "æ", "ae")
    return func.lower(func.translate(without_ligatures, _ACCENTED, _PLAIN), type_=String)


def in_group() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["group_id"], ["groups.id"])


def within_group(column: str, target: str, **options: Any) -> ForeignKeyConstraint:  # noqa: ANN401
    """A foreign key that cannot leave the group: `(group_id, column)` → `target(group_id, id)`."""
    return ForeignKeyConstraint(["group_id", column], [f"{target}.group_id", f"{target}.id"], **options)


def same_group(one: type[TenantTable], other: type[TenantTable]) -> ColumnElement[bool]:
    return col(one.group_id) == col(other.group_id)


def linked(one: "Linking", other: "Linking") -> ColumnElement[bool]:
    """Joins, or correlates, two tables of a group: these columns of theirs hold the same, in the same group.
    `linked(Item.id, PriceTier.item_id)` is the composite key that `within_group` declares, read. It is put together
    once for columns of tables themselves: most statements have several.
    """
    if not (_lasts(one) and _lasts(other)):
        return _put_together(one, other)
    key = id(one), id(other)
    if key not in _LINKS:
        _LINKS[key] = one, other, _put_together(one, other)
    return _LINKS[key][2]


_LINKS: dict[tuple[int, int], tuple[object, object, ColumnElement[bool]]] = {}
"""By the ids of two columns, with these, so that nothing else gets the ids."""


def _lasts(column: object) -> bool:
    """A column of a table, which stays as long as the process does; an alias does not."""
    return isinstance(column, QueryableAttribute) and bool(column.parent.is_mapper)


def _put_together(one: "Linking", other: "Linking") -> ColumnElement[bool]:
    left: Any = _owner(one)
    right: Any = _owner(other)
    return and_(left.group_id == right.group_id, one == other)  # type: ignore[arg-type]


def _owner(column: Any) -> Any:  # noqa: ANN401
    """What a column is read from: a table or an alias of it, a subquery's columns."""
    return column.parent.entity if isinstance(column, QueryableAttribute) else column.table.c


def whole(value: Any) -> ColumnElement[int]:  # noqa: ANN401 - a part of a JSON column
    """A whole number of JSON, cents and ids too: its own `as_integer` ends at 2 147 483 647, 21 million euros."""
    return cast(value.astext, BigInteger)


def any_of(column: SQLColumnExpression[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether the column holds one of these, sent as one array: a statement has room for 32 767 parameters, and a
    group more members than that.
    """
    kind: TypeEngine[Any] = column.type  # type: ignore[attr-defined]
    return column == any_(literal(list(values), ARRAY(kind)))


def one_of(column: str, values: type | list[str] | tuple[str, ...]) -> CheckConstraint:
    """The column holds one of these words (or of this enum's values)."""
    words = [str(value) for value in values]  # type: ignore[union-attr]
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


Linking = int | bytes | ColumnElement[Any] | None
