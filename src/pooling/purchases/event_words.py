"""What happens to purchases, in words for the journal."""

from collections.abc import Mapping

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, Subject, day_in_words, each_differing, named_by
from pooling.purchases.models import Purchase
from pooling.purchases.rules import PURCHASE

SENTENCES: Mapping[str, str] = {
    "purchase.prepared": "a préparé l’achat {purchase}",
    "purchase.copied": "a repris pour {purchase} les frais et subventions de {reference} « {title} »",
    "purchase.corrected": "a corrigé ce qu’est l’achat {purchase}",
    "purchase.members_merged": "a réuni {former} en {member} dans {purchase}",
    "purchase.member_left": "a retiré {member} des participants à {purchase}",
    "purchase.serves": "a rattaché {purchase} à l’action {action}",
    "purchase.serves_none": "a détaché {purchase} de l’action {action}",
    "purchase.deleted": "a supprimé l’achat {reference} « {title} », encore en préparation",
    "purchase.items_changed": "a changé les articles de {purchase}",
    "purchase.item_described": "a précisé l’article « {item} » de {purchase}",
    "purchase.lots_arranged": "a arrangé les lots de {purchase}",
    "purchase.files_added": "a ajouté des photos ou documents à « {item} », de {purchase}",
    "purchase.file_removed": "a retiré une photo ou un document de « {item} », de {purchase}",
    "purchase.terms_changed": "a changé les conditions de {purchase}",
    "purchase.draft": "a remis en préparation l’achat {purchase}",
    "purchase.ordered": "a enregistré la commande de {purchase}",
    "purchase.delivered": "a constaté la livraison de {purchase}",
    "purchase.in_service": "a constaté la mise en service de {purchase}",
    "purchase.settled": "a soldé l’achat {purchase}",
}

SUBJECTS = (
    Subject(
        "purchase",
        "Achats",
        otherwise="un achat",
        keys=("purchase_id",),
        states=PURCHASE.words,
        named=named_by(Purchase.id, Purchase.reference, Purchase.title, said="{} « {} »"),
    ),
)


def _terms(event: Event, names: Names) -> tuple[str, str]:
    """Who leads, and the day of delivery, where they changed."""
    return _side(event, names, "former_member_id", "from_day"), _side(event, names, "member_id", "to_day")


def _side(event: Event, names: Names, member: str, day: str) -> str:
    led_by = event.details.get(member)
    said = [
        f"pilote : {names.of('member', led_by, 'un membre')}" if led_by else "",
        day_in_words(event.details.get(day)),
    ]
    return " ; ".join(each for each in said if each)


CORRECTED = {
    "title": "titre",
    "kind": "ce qui est acheté",
    "description": "description",
    "lead_member": "pilote",
    "delivery": "livraison",
    "left": "participants retirés",
    "joined": "participants ajoutés",
    "cpv": "code CPV",
    "family": "famille homogène",
    "nature": "nature",
    "emission": "émissions",
    "account": "compte",
    "price_alone": "prix seul",
    "price_source": "source du prix seul",
    "priced_on": "jour du prix seul",
}


def _lots(event: Event, _: Names) -> tuple[str, str]:
    """The items of each lot."""
    return each_differing(event, str)


EVENTS = EventWords(
    SENTENCES,
    SUBJECTS,
    changes={"purchase.terms_changed": _terms, "purchase.lots_arranged": _lots},
    settings=CORRECTED,
)
