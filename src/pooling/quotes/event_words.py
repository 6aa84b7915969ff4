"""What happens to quotes, in words for the journal."""

from collections.abc import Mapping

from pooling.members.events import EventWords

SENTENCES: Mapping[str, str] = {
    "quote.noted": "a noté un devis de {supplier} pour {purchase}",
    "quote.changed": "a modifié le devis de {supplier} pour {purchase}",
    "quote.removed": "a retiré le devis de {supplier} pour {purchase}",
    "quote.files_added": "a ajouté des pièces au devis de {supplier} pour {purchase}",
    "quote.file_removed": "a retiré une pièce du devis de {supplier} pour {purchase}",
    "quote.criteria_set": "a dit comment juger les devis de {purchase}",
    "quote.marked": "a noté, critère par critère, le devis de {supplier} pour {purchase}",
    "award.chosen": "a retenu des devis pour {purchase}",
    "quote.asked": "a demandé des devis pour {purchase}",
    "quote.reminded": "a rappelé aux fournisseurs la date des offres pour {purchase}",
    "quote.opened": "a ouvert les offres reçues pour {purchase}, leur date passée",
}
EVENTS = EventWords(SENTENCES)
