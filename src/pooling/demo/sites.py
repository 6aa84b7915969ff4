"""Where the members of the demonstration are delivered. Postcodes are real, streets are fictional."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from pooling.demo.territory import COMPONENTS, FACILITATOR, Demonstration, authorities
from pooling.kernel.database import Database
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, HeldRole
from pooling.sites.keeping import add_site
from pooling.sites.schemas import SiteIn

POSTCODES: Mapping[str, str] = {
    "33009": "33120",
    "33199": "33470",
    "33529": "33260",
    "33527": "33470",
    "33005": "33510",
    "33011": "33740",
    "33019": "33980",
    "33051": "33380",
    "33229": "33138",
    "33236": "33950",
    "33555": "33380",
    "33284": "33380",
    "33042": "33830",
    "33029": "33114",
    "33260": "33830",
    "33498": "33770",
}
"""By INSEE code. Saint-Magne has not said yet where it is delivered."""
SEATS: Mapping[str, tuple[str, str]] = {
    "243300563": ("33120", "Arcachon"),
    "243301504": ("33510", "Andernos-les-Bains"),
    "243301405": ("33830", "Belin-Béliet"),
}
GUJAN_MESTRAS, ARCACHON = "213301997", "213300098"
HOURS = "du lundi au vendredi, de 8 h 30 à 12 h"


def _seats() -> Iterator[tuple[str, SiteIn]]:
    """The main site of each member."""
    for row in authorities():
        if row["siren"] in SEATS:
            postcode, city = SEATS[row["siren"]]
            yield row["siren"], SiteIn(name="Siège", street="1 rue du Bassin", postcode=postcode, city=city)
        elif row["insee"] in POSTCODES:
            yield (
                row["siren"],
                SiteIn(
                    name="Mairie",
                    street="1 place de la Mairie",
                    postcode=POSTCODES[row["insee"]],
                    city=row["name"],
                    contact="Accueil de la mairie",
                    opening_hours=HOURS,
                ),
            )
    for code, (name, _) in COMPONENTS.items():
        yield code, SiteIn(name="Accueil", street=f"Campus du Bassin, {name}", postcode="33120", city="Arcachon")


OTHERS: Sequence[tuple[str, SiteIn]] = (
    (
        ARCACHON,
        SiteIn(
            name="Centre technique", street="12 rue des Ateliers", postcode="33120", city="Arcachon",
            contact="Magasin", opening_hours="du lundi au jeudi, de 7 h 30 à 16 h",
        ),
    ),
    (ARCACHON, SiteIn(name="Médiathèque", street="5 avenue du Phare", postcode="33120", city="Arcachon")),
    (GUJAN_MESTRAS, SiteIn(name="Centre technique", street="3 route des Lacs", postcode="33470", city="Gujan-Mestras")),
)  # fmt: skip


async def make_sites(database: Database, territory: Demonstration, now: datetime) -> None:
    """An address for nearly everybody, several sites for two communes."""
    caller = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    async with database.transaction(territory.group_id) as session:
        for code, site in (*_seats(), *OTHERS):
            member = await session.get_one(Member, (territory.group_id, territory.members[code]))
            await add_site(session, caller, member, site, now - timedelta(days=740))
