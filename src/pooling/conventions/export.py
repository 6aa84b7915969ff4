"""The deliberations of all members in ZIP files that are written apart, so many in each."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.conventions.keeping import file_name
from pooling.conventions.parties import Party, signing
from pooling.conventions.texts import ConventionTexts
from pooling.conventions.writing import Papers, deliberation_of, read_papers, require_written, share_of, shares_now
from pooling.documents.document import FORMATS
from pooling.exports.kinds import ExportKind, Prepared
from pooling.exports.zips import ZIP, parts_of, places_of, zipped
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.members.features import features_for
from pooling.members.models import Group
from pooling.procurement.assessing import Assessed
from pooling.procurement.configuration import ProcurementConfiguration
from pooling.procurement.reading import plan_of
from pooling.purchases.models import Purchase
from pooling.purchases.queries import find_shown, shown_purchase

KIND = "deliberations"


class Deliberations(NamedTuple):
    """What one file is written from."""

    papers: Papers
    parties: Sequence[Party]
    stated: StatedPurchase | None

    def files(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """Each as a document of this kind, under a name of its own: members may be called alike."""
        for party in self.parties:
            document = deliberation_of(self.papers, party, share_of(self.stated, party))
            name = f"{file_name(self.papers.about.purchase, party.name)}-{party.siren}.{kind}"
            yield name, FORMATS[kind].write(document)


async def read_deliberations(session: AsyncSession, purchase_id: int, part: int, now: datetime) -> Deliberations:
    """Those of the file of this number; shares are of this moment.

    Raises:
        NotFound: the purchase is no more.
        Conflict: as `require_written`.
    """
    known = features_for(session)
    purchase = await session.get(Purchase, (group_of(session), purchase_id))
    if purchase is None:
        raise NotFound
    shown, _ = await find_shown(session, shown_purchase(), {"reference": purchase.reference})
    group, plan = await session.get_one(Group, group_of(session)), await plan_of(session, purchase.id)
    about = Assessed(shown.purchase, shown.collection, shown.dates, plan, group.zone, now)
    finance = known.configuration(FinanceConfiguration)
    texts, procurement = known.configuration(ConventionTexts), known.configuration(ProcurementConfiguration)
    sirens = await signing(session, purchase, places_of(part))
    papers = await read_papers(session, about, group, texts, procurement, finance, among=sirens)
    require_written(papers)
    parties = [party for party in papers.parties.named if party.siren in set(sirens)]
    return Deliberations(papers, parties, await shares_now(session, papers, finance, parties))


def part_of(terms: Mapping[str, Any]) -> int:
    """The number of the file. Those that were asked for before there could be several do not say it."""
    part: int = terms.get("part", 1)
    return part


async def _prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
    part, kind = part_of(terms), terms["format"]
    read = await read_deliberations(session, terms["purchase"], part, now)
    about, more = read.papers.about, f"-{part}" if len(parts_of(read.papers.parties.count)) > 1 else ""
    at = now.astimezone(about.zone)
    return Prepared(
        name=f"{about.purchase.reference}-deliberations{more}.zip",
        media_type=ZIP,
        rows=len(read.parties),
        figures_at=now,
        write=lambda progress: zipped(read.files(kind), at, progress),
    )


DELIBERATIONS = ExportKind(KIND, _prepare)
