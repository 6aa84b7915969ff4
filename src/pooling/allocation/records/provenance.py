"""Where a file's figures come from: which document it is, of which purchase and group, from when, in what currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.records.opening import FoundRecord
from pooling.web.typography import date_time_long

ESTIMATE = "Répartition estimée"
CURRENCY = "EUR"


@dataclass(frozen=True)
class Provenance:
    """Told on a workbook’s last sheet and printed pages, in a CSV file’s last columns, in a field of the JSON."""

    title: str
    """A record's names its number, so that it is never taken for an estimate."""
    purchase: str
    group: str
    dated: str
    basis: str
    more: Mapping[str, str]
    """What only the workbook has room for."""
    at_title: str
    at: datetime
    """In the group's zone, which spreadsheets do not know."""
    zone: ZoneInfo

    @property
    def facts(self) -> dict[str, str]:
        """In French, by what it is."""
        return {
            "Document": self.title,
            "Achat": self.purchase,
            "Groupe": self.group,
            "Date": self.dated,
            "Quantités retenues": self.basis,
            "Devise": CURRENCY,
        }

    @property
    def columns(self) -> dict[str, str]:
        """As a CSV file has them, whose date is one."""
        return {**self.facts, "Date": f"{self.at:%d/%m/%Y %H:%M:%S}"}

    def to_json(self) -> dict[str, str]:
        """As programs read it."""
        names = ("document", "purchase", "group", "dated", "basis", "currency")
        told = dict(zip(names, self.facts.values(), strict=True))
        return {**told, "at": self.at.replace(tzinfo=self.zone).isoformat()}


def of_record(record: FoundRecord, allocation: StatedPurchase, group: str, zone: ZoneInfo) -> Provenance:
    """Of a frozen allocation."""
    by = record.by or "une personne partie"
    return Provenance(
        title=f"État de répartition n°\u00a0{record.number}",
        purchase=allocation.result.label,
        group=group,
        dated=f"figé {date_time_long(record.frozen_at, zone, with_year=True)}",
        basis=allocation.basis,
        more={
            "Figé par": by,
            **_fctva(allocation),
            "Version de la règle": str(allocation.result.rule_version),
        },
        at_title="Figé le",
        at=_local(record.frozen_at, zone),
        zone=zone,
    )


def of_estimate(allocation: StatedPurchase, group: str, zone: ZoneInfo, now: datetime) -> Provenance:
    """Of the figures of a moment, which still move."""
    return Provenance(
        title=ESTIMATE,
        purchase=allocation.result.label,
        group=group,
        dated=f"chiffres du {date_time_long(now, zone, with_year=True)}, qui peuvent encore changer",
        basis=allocation.basis,
        more=_fctva(allocation),
        at_title="Chiffres du",
        at=_local(now, zone),
        zone=zone,
    )


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(microsecond=0, tzinfo=None)


def _fctva(allocation: StatedPurchase) -> dict[str, str]:
    return {"FCTVA estimé au taux de": allocation.fctva} if allocation.fctva else {}
