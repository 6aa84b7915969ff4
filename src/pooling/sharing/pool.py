"""The members of a case in id order, and what they need together, once their references have been checked."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from pooling.sharing.allocation_case import Case, Item, Member, Need, Scope
from pooling.sharing.errors import ErrorCode, RuleError


@dataclass(frozen=True, slots=True)
class Pool:
    """Members stand in id order; their *place* in it indexes quantities, shares and all that follows."""

    members: Sequence[Member]
    places: dict[str, int]
    items: dict[str, Item]
    quantities: dict[str, list[int]]
    participants: Sequence[int]

    @property
    def size(self) -> int:
        """How many members there are."""
        return len(self.members)

    def scope(self, scope: Scope, field: str) -> Sequence[int]:
        """The places that a scope names; raises `unknown_member`, `duplicate`."""
        if scope == "participants":
            return self.participants
        if scope == "all":
            return range(self.size)
        return self.places_of(scope, field)

    def places_of(self, ids: Iterable[str], field: str) -> list[int]:
        """The places of members, in id order; raises `unknown_member`, `duplicate`."""
        ids = list(ids)
        check_known(ids, self.places, "unknown_member", field)
        return sorted(self.places[id_] for id_ in ids)

    def items_of(self, ids: Sequence[str] | None, field: str) -> Sequence[str]:
        """The items that a line counts, all when None; raises `unknown_item`, `duplicate`."""
        if ids is None:
            return list(self.items)
        check_known(ids, self.items, "unknown_item", field)
        return ids

    def units(self, items: Iterable[str]) -> list[int]:
        """Each member's units of some items."""
        return added_up((self.quantities[item] for item in items), self.size)


def pool_needs(case: Case) -> Pool:
    """Check members, items and needs, in this order, and add up what is needed."""
    check_unique((member.id for member in case.members), "members")
    for member in case.members:
        if min(member.population or 0, member.agents or 0) < 0:
            raise RuleError("malformed", f"members.{member.id}")
    check_unique((item.id for item in case.items), "items")
    members = sorted(case.members, key=lambda member: member.id)
    places = {member.id: place for place, member in enumerate(members)}
    quantities = _quantities(case.needs, places, (item.id for item in case.items))
    units = added_up(quantities.values(), len(members))
    return Pool(
        members=members,
        places=places,
        items={item.id: item for item in case.items},
        quantities=quantities,
        participants=[place for place, quantity in enumerate(units) if quantity],
    )


def _quantities(needs: Iterable[Need], places: dict[str, int], items: Iterable[str]) -> dict[str, list[int]]:
    """Each item's units in member order; raises what a need deserves."""
    declared: dict[str, list[int | None]] = {item: [None] * len(places) for item in items}
    for member, item, quantity in needs:
        place = places.get(member)
        if place is None:
            raise RuleError("unknown_member", f"needs.{member}")
        if item not in declared:
            raise RuleError("unknown_item", f"needs.{member}.{item}")
        if quantity < 0:
            raise RuleError("negative_quantity", f"needs.{member}.{item}")
        column = declared[item]
        if column[place] is not None:
            raise RuleError("duplicate", f"needs.{member}.{item}")
        column[place] = quantity
    return {item: [quantity or 0 for quantity in column] for item, column in declared.items()}


def added_up(columns: Iterable[Sequence[int]], size: int) -> list[int]:
    """Columns of one number per member, added up member by member."""
    stacked = list(columns)
    return list(map(sum, zip(*stacked, strict=True))) if stacked else [0] * size


def check_unique(ids: Iterable[str], field: str) -> None:
    """Raise `duplicate` on the first id met twice."""
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            raise RuleError("duplicate", f"{field}.{id_}")
        seen.add(id_)


def check_known(ids: Iterable[str], known: Container[str], code: ErrorCode, field: str) -> None:
    """Raise `code` on the first id that is not known, `duplicate` on the first met twice."""
    seen: set[str] = set()
    for id_ in ids:
        if id_ not in known:
            raise RuleError(code, f"{field}.{id_}")
        if id_ in seen:
            raise RuleError("duplicate", f"{field}.{id_}")
        seen.add(id_)
