"""The indicators of a group in a year, theme by theme: each is read, worked out by a rule, and says what it is of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.actions.rules import brought_words, days_words
from pooling.indicators import queries
from pooling.indicators.configuration import CleanVehicles, IndicatorConfiguration
from pooling.indicators.figures import Figure, Piece, Theme, Unit, Value, said
from pooling.indicators.queries import BoughtItem, Contributed, Judged, Looked, Paid, Purchases
from pooling.indicators.rules import (
    Fleet,
    Year,
    brought_of,
    carbon_avoided,
    expected_meetings,
    keeps_quota,
    median,
    ratio,
)
from pooling.purchases.models import Emission
from pooling.satisfaction.rules import BEST, Satisfaction
from pooling.sharing.savings import saving_of
from pooling.web.typography import date_long, date_short, euros, number, percent, plural

TO_CONFIRM = " (à confirmer)"


@dataclass(frozen=True)
class Measured:
    """What indicators are asked of."""

    session: AsyncSession
    year: Year
    configuration: IndicatorConfiguration
    every_months: int
    """The cadence of committees."""
    since: date
    """On which the group began."""
    only: Looked | None = None
    """Of this action alone: then nothing is said of meetings and of what is lent."""

    @property
    def purchases(self) -> Purchases:
        return None if self.only is None else self.only.purchases

    @property
    def begun(self) -> date:
        return max(self.year.first, self.since)

    @property
    def gone(self) -> date:
        return min(self.year.last, self.year.today)


async def themes_of(measured: Measured, purchases: Sequence[Paid]) -> list[Theme]:
    """All of them; `purchases` are those that are paid for, of any year."""
    mine = [one for one in purchases if measured.year.counts(one.year)]
    decided = await decisions(measured)
    met = Theme("Réunions et décisions", [*await meetings(measured), decided]) if measured.only is None else None
    return [
        met or Theme("Décisions", [decided]),
        Theme("Achats", await bought(measured, mine)),
        Theme("Économies", savings(mine)),
        Theme("Usages", await uses(measured)),
        Theme("Partenaires", await partners(measured)),
        Theme("Véhicules et climat", await climate(measured)),
        Theme("Satisfaction", await opinions(measured)),
    ]


async def headlines_of(measured: Measured, purchases: Sequence[Paid]) -> list[Figure]:
    """What came of an action: those that say something. Its sheet itself names its partners and its decisions."""
    mine = [one for one in purchases if measured.year.counts(one.year)]
    found = [
        *savings(mine),
        await taken_up(measured),
        await agent_days(measured),
        *await opinions(measured),
    ]
    return [figure for figure in found if figure.value]


async def meetings(measured: Measured) -> list[Figure]:
    """Meetings against the cadence, attendance, minutes on time."""
    held = await queries.meetings_of(measured.session, measured.year)
    expected = expected_meetings(measured.every_months, measured.begun, measured.gone)
    present, invited = sum(one.present for one in held), sum(one.invited for one in held)
    within = measured.configuration.minutes_within_days
    timely = [one for one in held if one.published_after is not None and one.published_after <= within]
    every = "chaque mois" if measured.every_months == 1 else f"tous les {measured.every_months} mois"
    return [
        Figure(
            "meetings",
            "Réunions tenues",
            Unit.COUNT,
            len(held),
            note=f"Une réunion {every}{', jusqu’à aujourd’hui' if measured.year.under_way else ''}.",
            target=expected,
            kept=len(held) >= expected,
            pieces=[
                Piece(
                    one.title,
                    date_long(one.day),
                    f"/comites/{one.id}",
                    plural(one.present, "présent"),
                    drawn=one.present,
                )
                for one in held
            ],
        ),
        Figure(
            "attendance",
            "Présence",
            Unit.RATE,
            ratio(present, invited),
            note=f"{plural(present, 'présent')} pour {plural(invited, 'invitation')}.",
            pieces=[
                Piece(
                    one.title,
                    f"{one.present} sur {one.invited}",
                    f"/comites/{one.id}",
                    date_long(one.day),
                    drawn=ratio(one.present, one.invited),
                )
                for one in held
            ],
            whole=1,
        ),
        Figure(
            "minutes_on_time",
            "Comptes-rendus publiés à temps",
            Unit.RATE,
            ratio(len(timely), len(held)),
            note=f"Dans les {within} jours qui suivent la réunion.",
            target=Fraction(1),
            kept=len(timely) == len(held) if held else None,
            pieces=[
                Piece(
                    one.title,
                    "pas publié" if one.published_after is None else f"après {plural(one.published_after, 'jour')}",
                    f"/comites/{one.id}",
                    date_long(one.day),
                    drawn=one.published_after,
                )
                for one in held
            ],
            whole=within,
        ),
    ]


async def decisions(measured: Measured) -> Figure:
    """Decisions done."""
    decided = await queries.decisions_of(measured.session, measured.year, measured.only)
    done, still, late = (sum(getattr(one, name) for one in decided) for name in ("done", "open", "late"))
    return Figure(
        "decisions_done",
        "Décisions réalisées",
        Unit.RATE,
        ratio(done, done + still),
        note=f"{plural(done, 'réalisée')}, {plural(still, 'ouverte')}" + (f" dont {late} en retard." if late else "."),
        target=Fraction(1),
        kept=not late if done + still else None,
        pieces=[
            Piece(
                one.title,
                f"{one.done} sur {one.done + one.open}",
                f"/comites/{one.committee_id}",
                date_long(one.day) + (f", {plural(one.late, 'en retard', 'en retard')}" if one.late else ""),
                drawn=ratio(one.done, one.done + one.open),
            )
            for one in decided
        ],
        whole=1,
    )


async def bought(measured: Measured, mine: Sequence[Paid]) -> list[Figure]:
    """Purchases, members that take part, quantities, costs, subsidies, days from need to delivery."""
    members = await queries.members_of(measured.session, measured.year, measured.purchases) if mine else 0
    delays = await queries.delays_of(measured.session, measured.year, measured.purchases)
    spent = sum(one.ht + one.vat for one in mine)
    helped = sum(one.subsidies for one in mine)
    in_year = "" if measured.year.many else " dans l’année"
    frozen = f"Achats dont un état de répartition a été figé{in_year}, au dernier état."
    return [
        Figure(
            "purchases",
            "Achats groupés",
            Unit.COUNT,
            len(mine),
            note=frozen,
            pieces=[
                Piece(one.title, one.reference, one.path, plural(one.members, "membre"), drawn=one.ht + one.vat)
                for one in mine
            ],
        ),
        Figure(
            "members",
            "Membres qui ont acheté ensemble",
            Unit.COUNT,
            members,
            note="Chacun compte une fois, quel que soit le nombre de ses achats.",
            pieces=[Piece(one.title, plural(one.members, "membre"), one.path, drawn=one.members) for one in mine],
        ),
        Figure(
            "units",
            "Quantités achetées",
            Unit.COUNT,
            sum(item.units for one in mine for item in one.bought),
            note="Unités de tous les articles.",
            pieces=[
                Piece(item.name, number(item.bought.units), one.path, one.title, drawn=item.bought.units)
                for one in mine
                for item in one.items
                if item.bought.units
            ],
        ),
        Figure(
            "costs",
            "Dépense TTC",
            Unit.CENTS,
            spent,
            note=frozen,
            pieces=[
                Piece(one.title, euros(one.ht + one.vat), one.path + "/couts", drawn=one.ht + one.vat) for one in mine
            ],
        ),
        Figure(
            "subsidies",
            "Subventions et aides",
            Unit.CENTS,
            helped,
            note=f"{percent(rate, 1)} de la dépense TTC." if (rate := ratio(helped, spent)) else "",
            pieces=[
                Piece(one.title, euros(one.subsidies), one.path + "/couts", drawn=one.subsidies)
                for one in mine
                if one.subsidies
            ],
        ),
        Figure(
            "delay",
            "Du besoin à la livraison",
            Unit.DAYS,
            median([one.days for one in delays]),
            note=f"Médiane, du dépôt moyen des déclarations à la livraison constatée{in_year}.",
            pieces=[
                Piece(one.title, plural(one.days, "jour"), f"/achats/{one.reference}", drawn=one.days) for one in delays
            ],
        ),
    ]


def savings(mine: Sequence[Paid]) -> list[Figure]:
    """What was paid less than alone: of items whose price alone is known, with its source."""
    saving = saving_of(item for one in mine for item in one.bought)
    counts = "ne compte pas" if saving.without == 1 else "ne comptent pas"
    without = f" {plural(saving.without, 'article')} sans prix de référence {counts}." if saving.without else ""
    charges = sum(one.charges for one in mine)
    note = f"Prix seul de référence moins prix payé, HT.{without}" + (
        f" Frais et remises partagés, à part : {euros(charges)}." if charges else ""
    )
    alone = f"De {euros(saving.alone)} que les mêmes articles auraient coûté à chacun seul."
    bought_items = [(one, item) for one in mine for item in one.items if item.bought.units]
    return [
        Figure(
            "savings",
            "Économies",
            Unit.CENTS,
            saving.cents if saving.known else None,
            note=note,
            pieces=[_saved(one, item) for one, item in bought_items],
        ),
        Figure(
            "savings_rate",
            "Part économisée",
            Unit.RATE,
            saving.rate if saving.known else None,
            note=alone if saving.known else "",
            pieces=[_saved(one, item, Unit.RATE) for one, item in bought_items],
        ),
    ]


def _saved(one: Paid, item: BoughtItem, unit: Unit = Unit.CENTS) -> Piece:
    """In cents, or as a share of what it costs alone."""
    alone, paid = item.bought.alone_total, item.bought.paid
    if alone is None:
        return Piece(item.name, "sans prix de référence", one.path, one.title)
    note = f"{one.title} : {euros(alone)} seul, {euros(paid)} ensemble. Prix seul : {item.source}"
    saved = ratio(alone - paid, alone) if unit is Unit.RATE else alone - paid
    return Piece(item.name, said(unit, saved), one.path, note, drawn=saved)


async def uses(measured: Measured) -> list[Figure]:
    """What is lent, what agents took up, the days that agents gave."""
    found = [await taken_up(measured), await agent_days(measured)]
    if measured.only is not None:
        return found
    lent = await queries.lent_of(measured.session, measured.year)
    shared = Figure(
        "lent",
        "Ressources partagées, en jours d’usage",
        Unit.COUNT,
        sum(one.value for one in lent),
        note=f"Unités multipliées par les jours où elles ont servi, de {plural(len(lent), 'ressource')}.",
        pieces=[Piece(one.label, plural(one.value, "jour"), one.path, one.note, drawn=one.value) for one in lent],
    )
    return [shared, *found]


async def taken_up(measured: Measured) -> Figure:
    """What agents took up of what a professional offers them."""
    offers = await queries.taken_up(measured.session, measured.year, measured.purchases)
    interested = sum(one.more for one in offers)
    return Figure(
        "taken_up",
        "Agents qui ont profité d’une offre",
        Unit.COUNT,
        sum(one.value for one in offers),
        note=f"Sur {number(interested)} intéressés au départ." if interested else "",
        pieces=[
            Piece(one.label, f"{number(one.value)} sur {number(one.more)}", one.path, one.note, drawn=one.value)
            for one in offers
        ],
    )


async def agent_days(measured: Measured) -> Figure:
    """The days that agents gave."""
    days = await queries.days_of(measured.session, measured.year, measured.only)
    return Figure(
        "agent_days",
        "Temps des agents",
        Unit.DAYS,
        Fraction(sum((one.days for one in days), start=0)),
        note="Noté par les référents et l’animateur.",
        pieces=[
            Piece(
                one.what,
                said(Unit.DAYS, Fraction(one.days)),
                one.path,
                f"{one.member}, {date_long(one.day)}",
                drawn=Fraction(one.days),
            )
            for one in days
        ],
    )


async def partners(measured: Measured) -> list[Figure]:
    """What those bring who help without being of the group: money, days, premises."""
    found = await queries.contributed(measured.session, measured.year, measured.only)
    whole = brought_of((one.partner, one.amount_cents, one.half_days, one.premises) for one in found)
    note = "Apports aux actions convenues, en cours ou faites, chaque année qu’elles durent."

    def pieces(words: Callable[[Contributed], str], drawn: Callable[[Contributed], Value | None]) -> list[Piece]:
        return [
            Piece(one.name, said_of_it, f"/actions/partenaires/{one.partner}", one.action, drawn=drawn(one))
            for one in found
            if (said_of_it := words(one))
        ]

    return [
        Figure(
            "partners",
            "Partenaires",
            Unit.COUNT,
            whole.partners,
            note=note,
            pieces=pieces(brought_words, lambda _: None),
        ),
        Figure(
            "partner_money",
            "Apports des partenaires, en argent",
            Unit.CENTS,
            whole.cents,
            pieces=pieces(
                lambda one: euros(one.amount_cents) if one.amount_cents else "", lambda one: one.amount_cents
            ),
        ),
        Figure(
            "partner_days",
            "Apports des partenaires, en temps",
            Unit.DAYS,
            Fraction(whole.half_days, 2),
            pieces=pieces(lambda one: days_words(one.half_days) if one.half_days else "", lambda one: one.half_days),
        ),
        Figure(
            "partner_premises",
            "Apports des partenaires, en locaux ou en nature",
            Unit.COUNT,
            whole.in_kind,
            pieces=pieces(lambda one: one.premises, lambda _: None),
        ),
    ]


async def opinions(measured: Measured) -> list[Figure]:
    """What people thought afterwards, of goods and of committees, without their names."""
    found = await queries.opinions_of(measured.session, measured.year, measured.purchases)
    whole = sum((one.found for one in found), Satisfaction())

    def pieces(words: Callable[[Satisfaction], str], drawn: Callable[[Satisfaction], Value | None]) -> list[Piece]:
        return [Piece(one.title, words(one.found), one.path, _told_by(one), drawn=drawn(one.found)) for one in found]

    return [
        Figure(
            "satisfied",
            "Personnes satisfaites",
            Unit.RATE,
            whole.rate,
            note="Deux notes de 4 ou 5 sur 5, parmi "
            f"{plural(whole.opinions, 'avis', 'avis')} après une livraison"
            + (" ou un comité." if measured.only is None else "."),
            pieces=pieces(lambda one: f"{one.satisfied} sur {one.opinions}", lambda one: one.rate),
            whole=1,
        ),
        Figure(
            "mark",
            "Note moyenne, sur 5",
            Unit.COUNT,
            whole.mean,
            note="Les deux questions ensemble.",
            pieces=pieces(lambda one: f"{number(one.mean or 0, 1)} sur {BEST}", lambda one: one.mean),
            whole=BEST,
        ),
    ]


def _told_by(one: Judged) -> str:
    """On which day, how many, and what they wrote, each word once."""
    day = [date_long(one.day)] if one.day else []
    return " · ".join([*day, plural(one.found.opinions, "avis", "avis"), *dict.fromkeys(one.comments)])


async def climate(measured: Measured) -> list[Figure]:
    """Clean vehicles against the quota of the year's law; the CO₂ that is avoided, on what is assumed."""
    year, only = measured.year, measured.purchases
    vehicles = await queries.vehicles_of(measured.session, year, only)
    counts = {emission: sum(one.units for one in vehicles if one.emission == emission) for emission in Emission}
    fleet = Fleet(counts[Emission.VERY_LOW], counts[Emission.LOW], counts[Emission.OTHER])
    quota = measured.configuration.quota_on(year.law_day)
    law = _law_of(quota) if quota else "Aucune part n’est demandée cette année-là."
    pieces = [
        Piece(
            one.item, plural(one.units, "véhicule"), f"/achats/{one.reference}", _EMITS[one.emission], drawn=one.units
        )
        for one in vehicles
    ]
    return [
        *(
            Figure(
                code,
                label,
                Unit.RATE,
                rate,
                note=law,
                target=Fraction(wanted) / 100 if wanted else None,
                kept=keeps_quota(rate, wanted) if wanted else None,
                pieces=pieces,
            )
            for code, label, rate, wanted in (
                ("clean_vehicles", "Véhicules à faibles émissions", fleet.clean_rate, quota.low if quota else None),
                (
                    "very_clean_vehicles",
                    "Véhicules à très faibles émissions",
                    fleet.very_low_rate,
                    quota.very_low if quota else None,
                ),
            )
        ),
        await _carbon(measured),
    ]


def _law_of(quota: CleanVehicles) -> str:
    """Which law asks it, of whom, and from when until when."""
    until = f" au {date_short(quota.valid_to)}" if quota.valid_to else ""
    dated = f"du {date_short(quota.valid_from)}{until}" if until else f"depuis le {date_short(quota.valid_from)}"
    confirm = TO_CONFIRM if quota.to_confirm else ""
    return f"Part demandée {dated} à un parc de plus de {quota.over} véhicules : {quota.source}{confirm}."


_EMITS = {
    Emission.NO_VEHICLE: "",
    Emission.VERY_LOW: "très faibles émissions",
    Emission.LOW: "faibles émissions",
    Emission.OTHER: "autre",
}


async def _carbon(measured: Measured) -> Figure:
    """Only of items whose journeys somebody has assumed, by the factors of the year."""
    factors = measured.configuration.factors_on(measured.year.law_day)
    assumed = [
        one
        for one in await queries.assumed_of(measured.session, measured.year, measured.purchases)
        if one.replaced in factors and one.replaced_by in factors
    ]
    kilograms = [
        carbon_avoided(one.units, one.kilometres, factors[one.replaced].kg_per_km, factors[one.replaced_by].kg_per_km)
        for one in assumed
    ]
    versions = sorted({factors[code].source for one in assumed for code in (one.replaced, one.replaced_by)})
    return Figure(
        "carbon",
        "CO₂ évité par an",
        Unit.KILOGRAMS,
        sum(kilograms, start=Fraction(0)) if assumed else None,
        note="Estimation sur les hypothèses saisies pour chaque article."
        + (f" Facteurs : {' ; '.join(versions)}." if versions else ""),
        pieces=[
            Piece(
                one.item,
                f"{number(saved, 0)} kg",
                f"/achats/{one.reference}",
                f"{plural(one.units, 'unité')}, {number(one.kilometres)} km par an : "
                f"{factors[one.replaced].label} → {factors[one.replaced_by].label} ({one.source})",
                drawn=saved,
            )
            for one, saved in zip(assumed, kilograms, strict=True)
        ],
    )
