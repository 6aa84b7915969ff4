"""Reads about sites: those of a member, and where units go."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.sharing.places import over_places


@dataclass(frozen=True)
class SiteShown:
    id: int
    name: str
    street: str
    postcode: str
    city: str
    contact: str
    opening_hours: str
    is_main: bool
    archived: bool

    @property
    def address(self) -> str:
        """On one line, as far as it is known."""
        return ", ".join(part for part in (self.street, f"{self.postcode} {self.city}".strip()) if part)

    @property
    def missing(self) -> Sequence[str]:
        """What a carrier would ask for."""
        parts = {"la rue": self.street, "le code postal": self.postcode, "la commune": self.city}
        return [name for name, known in parts.items() if not known]

    @property
    def complete(self) -> bool:
        return not self.missing


Place = tuple[SiteShown | None, int]
"""So many units at a site; at none where the member has not said where it is delivered."""


@dataclass(frozen=True)
class Places:
    """Where the units of some members go, whom their codes name."""

    sites: Mapping[str, Sequence[SiteShown]] = field(default_factory=dict)
    """The main one first, then by name; archived ones too, to which orders have gone."""
    said: Mapping[tuple[str, int], Mapping[int, int]] = field(default_factory=dict)
    """By member and item id, the units wanted at each site."""

    def in_use(self, member: str) -> list[SiteShown]:
        return [site for site in self.sites.get(member, ()) if not site.archived]

    def of(self, member: str, item_id: int, units: int) -> list[Place]:
        """Where these units of an item go, in the order of the sites."""
        known = self.sites.get(member, ())
        main = next((site.id for site in known if site.is_main), None)
        given = over_places(units, self.said.get((member, item_id), {}), main)
        nowhere: list[Place] = [(None, given[None])] if None in given else []
        return [(site, given[site.id]) for site in known if site.id in given] + nowhere

    def lines(self, member: str, units: Mapping[int, int]) -> Iterator[tuple[SiteShown | None, dict[int, int]]]:
        """Each place with the units, by item id, that go there."""
        found: dict[SiteShown | None, dict[int, int]] = {}
        for item_id, assigned in units.items():
            for site, share in self.of(member, item_id, assigned):
                found.setdefault(site, {})[item_id] = share
        places = [*self.sites.get(member, ()), None]
        return ((site, found[site]) for site in places if site in found)


_COLUMNS = "s.id, s.name, s.street, s.postcode, s.city, s.contact, s.opening_hours"
_OF_MEMBER = f"""
SELECT {_COLUMNS}, s.is_main, s.archived_at IS NOT NULL AS archived FROM sites s
WHERE s.group_id = $1 AND s.member_id = $2 ORDER BY s.is_main DESC, s.sort_key, s.id"""  # noqa: S608 - names of columns
_SITES = f"""
WITH taking_part AS (
    SELECT member_id FROM (
        SELECT member_id FROM participations WHERE group_id = $1 AND purchase_id = $2
        UNION -- who leads it keeps the surplus of packs, also where it declares nothing
        SELECT lead_member_id FROM purchases WHERE group_id = $1 AND id = $2) t
    WHERE $3::bigint[] IS NULL OR member_id = ANY ($3)),
place AS (
    SELECT s.member_id, s.id FROM taking_part JOIN sites s USING (member_id) WHERE s.group_id = $1
    UNION -- a site that was handed over to another member since its units went there
    SELECT s.member_id, s.site_id FROM items i JOIN site_splits s ON s.group_id = i.group_id AND s.item_id = i.id
    JOIN taking_part USING (member_id) WHERE i.group_id = $1 AND i.purchase_id = $2)
SELECT m.code, {_COLUMNS}, s.is_main AND s.member_id = p.member_id AS is_main,
    s.archived_at IS NOT NULL OR s.member_id <> p.member_id AS archived
FROM place p JOIN sites s ON s.group_id = $1 AND s.id = p.id JOIN members m ON m.group_id = $1 AND m.id = p.member_id
ORDER BY p.member_id, is_main DESC, s.sort_key, s.id"""  # noqa: S608 - names of columns
_SPLITS = """
SELECT m.code, s.item_id, s.site_id, s.quantity
FROM items i JOIN site_splits s ON s.group_id = i.group_id AND s.item_id = i.id
JOIN members m ON m.group_id = s.group_id AND m.id = s.member_id
WHERE i.group_id = $1 AND i.purchase_id = $2 AND ($3::bigint[] IS NULL OR s.member_id = ANY ($3))"""


async def sites_of(session: AsyncSession, member_id: int) -> list[SiteShown]:
    """Those of a member, the main one first, then by name; archived ones too."""
    return [SiteShown(*row) for row in await fetch(session, _OF_MEMBER, group_of(session), member_id)]


async def read_places(session: AsyncSession, purchase_id: int, among: Collection[int] | None = None) -> Places:
    """Of everybody who takes part in a purchase or leads it, or of these among them, in two statements."""
    asked = group_of(session), purchase_id, None if among is None else list(among)
    sites: dict[str, list[SiteShown]] = {}
    for code, *known in await fetch(session, _SITES, *asked):
        sites.setdefault(code, []).append(SiteShown(*known))
    said: dict[tuple[str, int], dict[int, int]] = {}
    for code, item_id, site_id, quantity in await fetch(session, _SPLITS, *asked):
        said.setdefault((code, item_id), {})[site_id] = quantity
    return Places(sites, said)
