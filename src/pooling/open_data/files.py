"""Essential data, and the members beside them, as JSON files; of many members they are written in a process apart."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.page import finance_of
from pooling.conventions.parties import read_parties
from pooling.kernel.apart import PRELOADED, Work, apart
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.members.rights import Caller
from pooling.open_data.contracts import contracts_of
from pooling.open_data.signing import each_signs, signed_by
from pooling.outbox.mail import FICTIONAL
from pooling.procurement.page import OnProcedure
from pooling.procurement.reading import plan_of
from pooling.purchases.models import Purchase
from pooling.purchases.size import has_many
from pooling.web.downloads import REVALIDATED, streamed

JSON = "application/json"
PRELOADED.add(__name__)


@dataclass(frozen=True)
class Asked:
    """What a file is of, and by whom it is asked for."""

    purchase_id: int
    caller: Caller
    finance: FinanceConfiguration
    now: datetime
    today: date
    fictional: bool
    member: str = ""
    """Where each member signs: the SIREN of the one whose data they are; empty: everybody's."""


async def data_file(here: OnProcedure, member: str = "") -> Response[Any]:
    """Raises: as `write_data`."""
    of = f"-{member}" if member else ""
    return await _file(here, write_data, member, f"{here.purchase.reference}-decp{of}.json")


async def members_file(here: OnProcedure) -> Response[Any]:
    return await _file(here, write_members, "", f"{here.purchase.reference}-membres.json")


async def _file(here: OnProcedure, work: Work[[str, Asked], None], member: str, name: str) -> Response[Any]:
    file = NamedTemporaryFile(prefix="pooling-")  # noqa: SIM115 - it is gone once it is sent
    who = (here.purchase.id, here.caller, finance_of(here), here.now, here.today, here.group.fictional, member)
    try:
        if await has_many(here.session, here.purchase.id):
            await apart(here.session, work, file.name, Asked(*who))
        else:
            await work(here.session, file.name, Asked(*who))
    except BaseException:
        file.close()
        raise
    answer = streamed(file, name, JSON)
    answer.headers.update(REVALIDATED)
    return answer


async def write_data(session: AsyncSession, path: str, asked: Asked) -> None:
    """Those contracts whose data are complete, as the State's format has them: where each member signs, of each member
    whose share the caller sees, or of one alone.

    Raises:
        NotFound: it signs none.
        Conflict: none is complete.
    """
    purchase = await session.get_one(Purchase, (group_of(session), asked.purchase_id))
    contracts, member = await contracts_of(session, purchase, asked.finance, asked.now), asked.member
    signed = []
    if each_signs(await plan_of(session, purchase.id)):
        among = [member] if member else None
        signed = await signed_by(session, asked.caller, purchase, contracts, among=among)
        signed = [one for one in signed if member in {"", one.party.siren}]
    if member and not signed:
        raise NotFound
    found = [one.data(asked.today) for one in signed or contracts if not one.lacking(asked.today)]
    if not found:
        raise Conflict("Aucun contrat n’a encore toutes ses données : complétez-les d’abord.", code="data_incomplete")
    await _write(path, asked, {"marches": {"marche": found, "contrat-concession": []}})


async def write_members(session: AsyncSession, path: str, asked: Asked) -> None:
    """The members of the groupement, for whom the State's format has no place."""
    purchase = await session.get_one(Purchase, (group_of(session), asked.purchase_id))
    parties, plan = await read_parties(session, purchase), await plan_of(session, purchase.id)
    contracts = await contracts_of(session, purchase, asked.finance, asked.now)
    content = {
        "achat": purchase.reference,
        "groupement": parties.count > 1,
        "mandat": plan.mandate or None,
        "marches": [contract.said.identifier for contract in contracts if contract.said],
        "membres": [
            {
                "siren": party.siren,
                "nom": party.name,
                "coordonnateur": party.coordinator,
                "composantes": list(party.units),
            }
            for party in parties.named
        ],
    }
    await _write(path, asked, content)


async def _write(path: str, asked: Asked, content: Mapping[str, Any]) -> None:
    """The State's format says nothing of what else stands beside its data: that all is fictional."""
    said = {**({"notice": FICTIONAL} if asked.fictional else {}), **content}
    await asyncio.to_thread(Path(path).write_text, json.dumps(said, ensure_ascii=False, indent=1), "utf-8")
