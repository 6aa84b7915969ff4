"""What happens to suppliers, in words for the journal."""

from collections.abc import Mapping

from pooling.members.events import EventWords, Subject, named_by
from pooling.suppliers.models import Supplier

SENTENCES: Mapping[str, str] = {
    "supplier.added": "a ajouté le fournisseur {supplier}",
    "supplier.changed": "a corrigé la fiche du fournisseur {supplier}",
    "supplier.archived": "a archivé le fournisseur {supplier}",
    "supplier.restored": "a repris le fournisseur {supplier}",
}
SETTINGS: Mapping[str, str] = {
    "siret": "SIRET",
    "vat_number": "numéro de TVA",
    "address": "adresse",
    "order_email": "adresse électronique des commandes",
    "contact": "interlocuteur",
    "note": "note",
}
EVENTS = EventWords(
    SENTENCES,
    (
        Subject(
            "supplier",
            "Fournisseurs",
            otherwise="un fournisseur",
            keys=("supplier_id",),
            named=named_by(Supplier.id, Supplier.name),
        ),
    ),
    settings=SETTINGS,
)
