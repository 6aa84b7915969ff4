"""Files that are sent are looked at by the malware scanner, where one is named, before anything is opened for them."""

import logging
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from pooling.kernel.errors import Invalid
from pooling.kernel.scanner import Scanner, ScannerAwayError
from pooling.web.bodies import only_signed_in
from pooling.web.first_checks import check_request
from pooling.web.forms import provide_form
from pooling.web.services import services_of

log = logging.getLogger(__name__)

FOUND = (
    "« {} » contient un programme malveillant ({}) : ce fichier n’est pas gardé. Prévenez votre service informatique."
)
AWAY = "L’antivirus ne répond pas : les fichiers ne sont pas gardés pour l’instant. Réessayez dans quelques minutes."
SCANNED = "Chaque fichier est contrôlé par un antivirus avant d’être gardé."
NOT_SCANNED = "Les fichiers ne sont pas contrôlés par un antivirus : n’ouvrez que ceux que vous attendez."


def scanner_of(request: ASGIConnection[Any, Any, Any, Any]) -> Scanner | None:
    address: str | None = services_of(request).settings.clamd
    return Scanner(address) if address else None


def scanning_words(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """What pages say beside a form that takes files."""
    return SCANNED if scanner_of(request) else NOT_SCANNED


async def scan_files(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: refuses in the form what the scanner finds, or all that it cannot look at. It comes before the request's
    transaction, so that a slow scanner holds neither connection nor lock.

    Raises:
        SignInRequired: nobody is signed in.
    """
    only_signed_in(connection, handler)
    await scan_sent(connection, handler)


async def scan_sent(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """The same of a route whose own guard, before this one, says who may send."""
    scanner = scanner_of(connection)
    if scanner is None:
        return
    assert isinstance(connection, Request)
    await check_request(connection)  # guards come before it: nothing is done for a form that is not ours
    form = await provide_form(connection)
    for field, files in form.file_lists.items():
        for file in files:
            if refused := await _refusal(connection, scanner, file.name, file.content):
                form.refuse(field, refused)
                if refused == AWAY:
                    return


async def scan_body(request: Request[Any, Any, Any], name: str, content: bytes) -> None:
    """The same of a file that a program sends as the body of its request.

    Raises:
        Invalid: the scanner found something, or does not answer.
    """
    scanner = scanner_of(request)
    if scanner is not None and (refused := await _refusal(request, scanner, name, content)):
        raise Invalid({"file": refused})


async def _refusal(
    connection: ASGIConnection[Any, Any, Any, Any], scanner: Scanner, name: str, content: bytes
) -> str | None:
    """Why a file is not kept, in a sentence."""
    try:
        found = await scanner.found_in(content) if content else None
    except ScannerAwayError as away:
        log.error("the scanner %s does not say whether a file is harmless: %s", scanner.address, away)  # noqa: TRY400
        return AWAY
    if found is None:
        return None
    sender = connection.scope.get("user")
    log.warning("the scanner found %s in a file of person %s", found, sender and sender.person_id)
    return FOUND.format(name[-100:], found)
