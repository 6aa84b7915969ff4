"""What happens to the way a purchase is bought, in words for the journal."""

from collections.abc import Mapping

from pooling.members.events import EventWords

SENTENCES: Mapping[str, str] = {
    "procurement.planned": "a précisé la procédure de {purchase}",
    "procurement.stated": "a noté, pour {member}, ce que demande la procédure de {purchase}",
}
SETTINGS: Mapping[str, str] = {
    "family": "famille homogène",
    "options": "options",
    "renewals": "reconductions",
    "maximum": "maximum de l’accord-cadre",
    "procedure": "procédure",
    "launched_on": "lancement",
    "mandate": "mandat",
    "convention_signed_on": "signature de la convention",
    "environment": "environnement",
    "spent": "acheté ou prévu dans l’année",
    "deliberation": "délibération",
}
EVENTS = EventWords(SENTENCES, settings=SETTINGS)
