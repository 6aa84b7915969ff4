"""The files that are made of actions."""

from litestar import Response, get

from pooling.actions.document import actions_workbook, sheet_pdf
from pooling.actions.page import ACTIONS, ONE, ActionPage, catalogue_of
from pooling.kernel.file_kinds import PDF
from pooling.kernel.sheet_writing import XLSX
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.reminders.kinds import Context
from pooling.web.downloads import download


def _context(here: GroupPage) -> Context:
    group = here.group
    return Context(
        group.id, group.slug, group.name, here.zone, group.fictional, here.services.settings.base_url, here.now
    )


@get(f"{ONE}/fiche.pdf", right=Right.SEE_GROUP)
async def download_sheet(here: Here[ActionPage]) -> Response[bytes]:
    """An accessible PDF, as the sheet stands now."""
    content = await sheet_pdf(here.session, here.action, await catalogue_of(here), _context(here))
    return download(content, f"fiche-action-{here.action.reference}.pdf", PDF.media_type)


@get(f"{ACTIONS}/actions.xlsx", right=Right.SEE_GROUP)
async def download_actions(here: Here[GroupPage]) -> Response[bytes]:
    content = await actions_workbook(here.session, await catalogue_of(here), _context(here))
    return download(content, f"actions-{here.group.slug}.xlsx", XLSX)


ROUTES = [download_sheet, download_actions]
