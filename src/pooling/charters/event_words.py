"""What happens to the charter, in words for the journal."""

from collections.abc import Mapping
from datetime import date

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names
from pooling.web.typography import date_short

SENTENCES: Mapping[str, str] = {
    "charter.signed": "a noté que {member} a signé la version {version} de la charte",
    "charter.signature_withdrawn": "a retiré la signature {of_member} de la version {version} de la charte",
    "charter.asked": "a demandé aux membres de signer la charte{until}",
    "charter.asked_no_more": "ne demande plus aux membres de signer la charte",
}


def _version(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return str(event.details.get("version", ""))


def _until(event: Event, names: Names) -> str:  # noqa: ARG001 - as the others
    day = event.details.get("sign_by")
    return f" d’ici au {date_short(date.fromisoformat(day))}" if day else ""


EVENTS = EventWords(SENTENCES, gaps={"version": _version, "until": _until})
