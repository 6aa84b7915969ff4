"""The pages of essential data: the contracts of a purchase, one of them, a year of the group."""

import asyncio
import io
from datetime import date
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.allocation.page import finance_of
from pooling.kernel.sheet_writing import write_csv
from pooling.kernel.versions import ChangedMeanwhile
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.open_data import form as fields
from pooling.open_data.contracts import Contract, contract_of, contracts_of
from pooling.open_data.files import data_file, members_file
from pooling.open_data.fleet import renewed, written
from pooling.open_data.keeping import describe_contract, version_said
from pooling.open_data.listing import listed, place_of, small_contracts, subject_of
from pooling.open_data.page import DATA, ContractPage, DataPage
from pooling.open_data.signing import Signed, each_signs, signed_by
from pooling.outbox.mail import FICTIONAL
from pooling.procurement.configuration import ProcurementConfiguration
from pooling.procurement.page import OnProcedure
from pooling.procurement.permissions import may_plan
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.typography import date_short, euros, of_name

PAGE = f"/achats/{{reference:str}}{DATA}"
ONE = f"{PAGE}/{{contract_supplier:int}}/{{contract_lot:int}}"
YEARS = "/donnees-ouvertes"
YEAR = f"{YEARS}/{{data_year:int}}"
SHOWN_AT_MOST = 100
"""Members of whom a page shows the contracts; the file has all."""
EARLIEST, LATEST = 2020, 2100


async def contracts_here(here: OnProcedure) -> list[Contract]:
    return await contracts_of(here.session, here.purchase, finance_of(here), here.now)


@get(PAGE, right=Right.SEE_TOTALS)
async def show_contracts(here: Here[DataPage]) -> Response[str]:
    contracts = await contracts_here(here)
    ready = [contract for contract in contracts if not contract.lacking(here.today)]
    return here.render(
        "open_data/contracts.html",
        contracts=contracts,
        lacking={contract.path: contract.lacking(here.today) for contract in contracts},
        ready=ready,
        edits=may_plan(here.caller, here.purchase),
        each_signs=each_signs(here.plan),
        signed=[
            (
                one.party.name,
                one.contract.title,
                euros(one.amount),
                _state(one, here),
                f"{here.url}{DATA}/decp?{urlencode({'membre': one.party.siren})}"
                if not one.lacking(here.today)
                else None,
            )
            for one in await _signed(here, contracts)
        ],
        shown_at_most=SHOWN_AT_MOST,
        bounds=here.configuration.open_data_on(here.today),
        dispensed_cents=here.configuration.dispensed_below(here.today),
        year=max((one.said.notified_on.year for one in contracts if one.said), default=here.today.year),
    )


async def _signed(here: OnProcedure, contracts: list[Contract]) -> list[Signed]:
    """Where each member signs, what the first ones ordered of the contracts."""
    if not each_signs(here.plan):
        return []
    return await signed_by(here.session, here.caller, here.purchase, contracts, most=SHOWN_AT_MOST)


def _state(one: Signed, here: OnProcedure) -> str:
    lacking, said = one.lacking(here.today), one.contract.said
    if lacking:
        return "il manque : " + ", ".join("SIRET" if name == "acheteur.id" else name for name in lacking)
    assert said is not None, "nothing lacks"
    return "à publier" if one.amount >= here.configuration.data_from_on(said.notified_on) else "facultatif"


@get(f"{PAGE}/decp", right=Right.SEE_TOTALS)
async def download_decp(here: Here[DataPage], membre: FromQuery[str] = "") -> Response[Any]:
    return await data_file(here, membre)


@get(f"{PAGE}/membres", right=Right.SEE_TOTALS)
async def download_members(here: Here[DataPage]) -> Response[Any]:
    return await members_file(here)


@get(ONE, right=may_plan)
async def ask_contract(here: Here[ContractPage]) -> Response[str]:
    return _contract_page(here, fields.shown(here.contract, version_said(here.contract.said)))


def _contract_page(here: ContractPage, form: Form) -> Response[str]:
    contract = here.contract
    return here.render(
        "open_data/contract.html",
        contract.title,
        form=form,
        contract=contract,
        options=fields.OPTIONS,
        action=f"{here.url}{DATA}/{contract.path}",
    )


@post(ONE, right=may_plan)
async def do_contract(here: Here[ContractPage], form: PostedForm) -> Response[Any]:
    contract = here.contract
    command = fields.read(form)

    async def again() -> Response[str]:
        return _contract_page(here, form)

    async with form.submitted(again, fields=fields.FIELDS, conflict=""):
        try:
            kept = await describe_contract(
                here.session,
                here.caller,
                here.purchase.id,
                contract.supplier_id,
                contract.lot,
                command,
                finance_of(here),
                here.now,
                shown=form.value("version"),
            )
        except ChangedMeanwhile as changed:
            form.refuse("", changed.message)
            whose = (here.purchase, contract.supplier_id, contract.lot, finance_of(here), here.now)
            form.values["version"] = version_said((await contract_of(here.session, *whose)).said)
            raise Redisplay(await again()) from changed
    return here.redirect(DATA, done=f"Les données du contrat {of_name(kept.supplier)} sont enregistrées.")


def _year(year: int) -> int:
    return min(max(year, EARLIEST), LATEST)


@get(YEARS, right=Right.SEE_TOTALS)
async def show_this_year(here: Here[GroupPage]) -> Response[str]:
    return await _year_page(here, here.today.year)


@get(YEAR, right=Right.SEE_TOTALS)
async def show_year(here: Here[GroupPage], data_year: FromPath[int]) -> Response[str]:
    return await _year_page(here, _year(data_year))


async def _year_page(here: GroupPage, year: int) -> Response[str]:
    procurement = here.services.part(ProcurementConfiguration)
    contracts = await small_contracts(here.session, year, procurement.open_data)
    fleet = await renewed(here.session, year, here.zone)
    return here.render(
        "open_data/year.html",
        ("Achats groupés", "/achats"),
        "Données ouvertes",
        year=year,
        bounds=procurement.open_data_on(date(year, 12, 31)),
        rows=[
            [
                *(row["reference"], row["buyer"], subject_of(row), euros(row["worth_cents"])),
                *(date_short(row["notified_on"]), row["supplier"], place_of(row["address"], row["vat_number"])),
            ]
            for row in contracts
        ],
        later=year < here.today.year,
        fleet=fleet,
        unnamed=[row["nom"] for row in fleet if not row["cj"]],
        url=here.base + YEARS,
    )


@get(f"{YEAR}/marches", right=Right.SEE_TOTALS)
async def download_small_contracts(here: Here[GroupPage], data_year: FromPath[int]) -> Response[bytes]:
    year, target = _year(data_year), io.BytesIO()
    procurement = here.services.part(ProcurementConfiguration)
    table = listed(await small_contracts(here.session, year, procurement.open_data))
    notice = FICTIONAL if here.group.fictional else None
    await asyncio.to_thread(write_csv, target, table, notice)
    return download(target.getvalue(), f"marches-{year}.csv", "text/csv", headers=REVALIDATED)


@get(f"{YEAR}/vehicules", right=Right.SEE_TOTALS)
async def download_fleet(here: Here[GroupPage], data_year: FromPath[int]) -> Response[bytes]:
    year = _year(data_year)
    content = written(await renewed(here.session, year, here.zone), FICTIONAL if here.group.fictional else None)
    return download(content, f"vehicules-{year}.csv", "text/csv", headers=REVALIDATED)


ROUTES = [
    show_contracts,
    download_decp,
    download_members,
    ask_contract,
    do_contract,
    show_this_year,
    show_year,
    download_small_contracts,
    download_fleet,
]
