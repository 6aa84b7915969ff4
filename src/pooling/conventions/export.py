"""The deliberations of all members as one ZIP, written apart."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.conventions.keeping import file_name
from pooling.conventions.parties import Party
from pooling.conventions.texts import ConventionTexts
from pooling.conventions.writing import Papers, deliberation_of, read_papers, require_written, share_of, shares_now
from pooling.documents.document import FORMATS
from pooling.exports.kinds import ExportKind, Prepared, Progress
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
ZIP = "application/zip"


async def _prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
    known = features_for(session)
    purchase = await session.get(Purchase, (group_of(session), terms["purchase"]))
    if purchase is None:
        raise NotFound
    shown, _ = await find_shown(session, shown_purchase(), {"reference": purchase.reference})
    group, plan = await session.get_one(Group, group_of(session)), await plan_of(session, purchase.id)
    about = Assessed(shown.purchase, shown.collection, shown.dates, plan, group.zone, now)
    finance = known.configuration(FinanceConfiguration)
    texts, procurement = known.configuration(ConventionTexts), known.configuration(ProcurementConfiguration)
    papers = await read_papers(session, about, group, texts, procurement, finance)
    require_written(papers)
    parties, stated = papers.parties.named, await shares_now(session, papers, finance)
    write = partial(_zip, papers, parties, stated, terms["format"])
    return Prepared(f"{purchase.reference}-deliberations.zip", ZIP, len(parties), now, write)


def _zip(
    papers: Papers, parties: Sequence[Party], stated: StatedPurchase | None, kind: str, progress: Progress
) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        for party in parties:
            document = deliberation_of(papers, party, share_of(stated, party))
            name = f"{file_name(papers.about.purchase, party.name)}-{party.siren}.{kind}"  # names may be alike
            book.writestr(name, FORMATS[kind].write(document))
            progress(1)
    return target.getvalue()


DELIBERATIONS = ExportKind(KIND, _prepare)
