"""What the law asks of a purchase as it stands: its value, what applies, when; and what does not go together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.configuration import FinanceConfiguration
from pooling.collections.models import Collection
from pooling.procurement.configuration import ProcurementConfiguration, SmallLots
from pooling.procurement.models import ProcurementPlan
from pooling.procurement.reading import Tally, estimate_of, tally_of
from pooling.procurement.rules import (
    Calendar,
    Estimate,
    Guidance,
    earliest,
    guide,
    negligible_lots,
    outgrown,
)
from pooling.purchases.details import details_of
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.purchases.schemas import NOTHING_SAID, DetailsIn
from pooling.sharing.money import Cents
from pooling.web.typography import date_short, euros, plural

NO_FAMILY, NO_LOT = "Famille pas encore dite", "Hors lot"


@dataclass(frozen=True)
class Assessed:
    """What there is to assess."""

    purchase: Purchase
    collection: Collection | None
    dates: Mapping[str, datetime]
    """When it last entered each state."""
    plan: ProcurementPlan
    zone: ZoneInfo
    now: datetime

    def on(self, instant: datetime | None) -> date | None:
        return instant.astimezone(self.zone).date() if instant else None

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def day(self) -> date:
        """Whose thresholds count: the day of the notice, before it today."""
        return self.plan.launched_on or self.today

    @property
    def closes_on(self) -> date | None:
        """The last day of its collection."""
        return self.on(self.collection.closes_at if self.collection else None)

    @property
    def start(self) -> date:
        """The earliest day of a notice: the day it was, or once needs are known."""
        return self.plan.launched_on or max(self.today, self.closes_on or self.today)

    @property
    def has_calendar(self) -> bool:
        """Of what is ordered already, a day « at the earliest » means something only beside that of its notice."""
        return self.plan.launched_on is not None or PurchaseState.ORDERED not in self.dates


@dataclass(frozen=True)
class Assessment:
    tally: Tally
    estimate: Estimate
    refused: str
    """Why the needs are not worth anything yet, in French."""
    lots: Mapping[str, Cents]
    """What the items of each lot come to, renewals included; empty where the purchase is not split."""
    families: Mapping[str, Cents]
    """The same of each homogeneous family; empty where no item names one."""
    guidance: Guidance
    calendar: Calendar | None
    small: SmallLots | None
    """The rule by which `negligible` are."""
    negligible: Sequence[str]
    """Lots that may be bought by an adapted procedure though the whole is not."""
    warnings: Sequence[str]


async def assess(
    session: AsyncSession, about: Assessed, configuration: ProcurementConfiguration, finance: FinanceConfiguration
) -> Assessment:
    """In a fixed number of statements."""
    purchase, plan = about.purchase, about.plan
    tally = await tally_of(session, purchase.id)
    estimate, by_item, refused = await estimate_of(session, plan, tally.spent, finance)
    items, details = await purchase_items(session, purchase.id), await details_of(session, purchase.id)
    worth = {code: cents * (1 + plan.renewals) for code, cents in by_item.items()}
    lots, families = by_lot(items, worth), by_family(items, details, worth, plan.family)
    guidance = guide(configuration, about.day, estimate)
    calendar = earliest(guidance.procedure, about.start) if guidance.procedure and about.has_calendar else None
    small = configuration.small_lots_on(about.day, guidance.procedure)
    return Assessment(
        tally=tally,
        estimate=estimate,
        refused=refused,
        lots=lots,
        families=families,
        guidance=guidance,
        calendar=calendar,
        small=small,
        negligible=negligible_lots(small, {lot: cents for lot, cents in lots.items() if lot != NO_LOT}, estimate),
        warnings=warnings_of(about, configuration, estimate, guidance, calendar, tally),
    )


def by_lot(items: Sequence[ItemShown], worth: Mapping[str, Cents]) -> dict[str, Cents]:
    found: dict[str, Cents] = {}
    if any(item.lot for item in items):
        for item in items:
            lot = item.under or NO_LOT
            found[lot] = found.get(lot, 0) + worth.get(item.code, 0)
    return found


def by_family(
    items: Sequence[ItemShown], details: Mapping[int, DetailsIn], worth: Mapping[str, Cents], otherwise: str
) -> dict[str, Cents]:
    """`otherwise` is the family of the purchase, of which items are that name none."""
    named = {item.code: details.get(item.id, NOTHING_SAID).family for item in items}
    found: dict[str, Cents] = {}
    if any(named.values()):
        for item in items:
            family = named[item.code] or otherwise or NO_FAMILY
            found[family] = found.get(family, 0) + worth.get(item.code, 0)
    return found


def warnings_of(
    about: Assessed,
    configuration: ProcurementConfiguration,
    estimate: Estimate,
    guidance: Guidance,
    calendar: Calendar | None,
    tally: Tally,
) -> list[str]:
    """What does not go together, each in a French sentence."""
    return [
        *_of_thresholds(about, configuration, estimate, guidance),
        *_of_calendar(about, calendar),
        *_of_convention(about, tally),
    ]


def _of_thresholds(
    about: Assessed, configuration: ProcurementConfiguration, estimate: Estimate, guidance: Guidance
) -> list[str]:
    plan, found = about.plan, []
    if guidance.unknown:
        named = ", ".join(guidance.unknown)
        found.append(f"Le seuil n’est pas connu au {date_short(about.day)} : {named}. Il est à ajouter aux réglages.")
    if plan.launched_on and outgrown(configuration, plan.procedure, plan.launched_on, guidance.procedure):
        assert guidance.procedure is not None, "what outgrows is a procedure"
        found.append(
            f"L’achat vaut maintenant {euros(estimate.value)} : la procédure sous laquelle il a été lancé ne suffit "
            f"plus, il faudrait « {guidance.procedure.name} »."
        )
    if not plan.environment and any(duty.environment and not duty.advice for duty in guidance.duties):
        found.append("Dites comment les offres seront comparées pour l’environnement : c’est obligatoire à ce montant.")
    return found


def _of_calendar(about: Assessed, calendar: Calendar | None) -> list[str]:
    found, delivery = [], about.purchase.delivery_expected_on
    if calendar is not None and delivery is not None and delivery < calendar.signing:
        found.append(
            f"La livraison est prévue le {date_short(delivery)}, avant la première signature possible "
            f"({date_short(calendar.signing)}) : le calendrier est plus court que la procédure."
        )
    ordered = about.on(about.dates.get(PurchaseState.ORDERED))
    if calendar is not None and about.plan.launched_on and ordered is not None and ordered < calendar.signing:
        found.append(
            f"La commande est enregistrée le {date_short(ordered)}, avant la première signature possible "
            f"({date_short(calendar.signing)})."
        )
    launched, closes = about.plan.launched_on, about.closes_on
    if launched is not None and closes is not None and launched < closes:
        found.append(
            f"L’achat est lancé le {date_short(launched)}, avant la clôture des déclarations ({date_short(closes)}) : "
            "les besoins publiés ne sont pas encore ceux de tous."
        )
    return found


def _of_convention(about: Assessed, tally: Tally) -> list[str]:
    launched, signed = about.plan.launched_on, about.plan.convention_signed_on
    if not tally.needs_convention or launched is None:
        return []
    found = []
    if signed is None or signed > launched:
        found.append(f"L’achat est lancé le {date_short(launched)} sans que la convention soit signée ce jour-là.")
    if missing := tally.asked - tally.deliberated:
        noun = plural(missing, "membre n’a", "membres n’ont")
        found.append(
            f"L’achat est lancé et {noun} pas de délibération notée : un membre n’entre plus dans la convention."
        )
    return found
