"""Whom the demonstration buys from. The companies are fictional, and so are their numbers."""

from datetime import datetime, timedelta

from pooling.demo.territory import DOMAIN, FACILITATOR, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.suppliers.keeping import SupplierIn, add_supplier

SUPPLIERS = (
    SupplierIn(
        name="Cycles du Bassin (fictif)",
        siret="99990000400014",
        address="Zone d’activités de l’Exemple\n33260 La Teste-de-Buch",
        order_email=f"commandes@cycles.{DOMAIN}",
        contact="Service des collectivités",
        note="Livre sur rendez-vous, du mardi au vendredi.",
    ),
    SupplierIn(
        name="Mobilier urbain d’Aquitaine (fictif)",
        siret="99990001200017",
        address="2 rue de l’Exemple\n33380 Biganos",
        order_email=f"marches@mobilier.{DOMAIN}",
        contact="Administration des ventes",
    ),
    SupplierIn(
        name="Fahrradständer Beispiel (fictif)",
        vat_number="DE136695976",
        address="Beispielstraße 3\n79098 Freiburg im Breisgau\nAllemagne",
        order_email=f"bestellung@staender.{DOMAIN}",
        contact="Export",
    ),
    SupplierIn(
        name="Garage de l’Exemple (fictif)",
        siret="99990002000010",
        address="Route de l’Exemple\n33470 Le Teich",
        order_email=f"flottes@garage.{DOMAIN}",
        contact="Ventes aux collectivités",
    ),
    SupplierIn(
        name="Imprimerie de l’Exemple (fictive)",
        siret="99990003800012",
        address="4 rue de l’Exemple\n33120 Arcachon",
        order_email=f"devis@imprimerie.{DOMAIN}",
        contact="Atelier",
    ),
)


async def make_suppliers(database: Database, territory: Demonstration, now: datetime) -> None:
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    async with database.transaction(territory.group_id) as session:
        for supplier in SUPPLIERS:
            await add_supplier(session, facilitator, supplier, now - timedelta(days=740))
