from pooling.purchases.kinds.asking import INTEREST
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import OFFERED, Step
from pooling.purchases.models import PurchaseKind, PurchaseState

STAFF_OFFER = Kind(
    name=PurchaseKind.STAFF_OFFER,
    label="Une offre aux agents",
    hint="Un prix négocié chez un professionnel : les membres disent combien d’agents sont intéressés, les agents "
    "paient eux-mêmes.",
    noun="Une offre aux agents",
    parts=frozenset({Part.ITEMS, Part.COLLECTION, Part.NEEDS, Part.OFFER, Part.UPTAKE}),
    steps=(
        ("Préparation", PurchaseState.DRAFT),
        ("Intentions", PurchaseState.OPEN),
        ("Négociation", PurchaseState.CLOSED),
        ("Offre", PurchaseState.ORDERED),
        ("Bilan", PurchaseState.DELIVERED),
        ("Terminée", PurchaseState.SETTLED),
    ),
    by_hand=(
        Step(
            PurchaseState.ORDERED,
            "published",
            "Publier l’offre",
            "Publier l’offre ?",
            (
                "Tous les membres du groupe la lisent.",
                "Les référents des participants reçoivent un courriel : ils la font connaître aux agents.",
            ),
            "L’offre est publiée.",
            facts=(OFFERED,),
            subject="Offre publiée",
            tells="L’offre est publiée : faites-la connaître aux agents {of_member}. Prix, dates et marche à suivre "
            "sont sur sa page.",
            path="/offre",
            button="Voir l’offre",
        ),
        Step(
            PurchaseState.DELIVERED,
            "ended",
            "Clore l’offre",
            "Clore l’offre et demander le bilan ?",
            (
                "Ses prix, ses dates et ses conditions ne changent plus.",
                "Les référents des participants reçoivent un courriel : ils disent combien d’agents ont acheté.",
            ),
            "L’offre est close.",
            subject="Combien d’agents ont acheté ?",
            tells="L’offre est finie : dites combien d’agents {of_member} ont acheté, même s’il n’y en a aucun.",
            path="/bilan",
            button="Répondre",
        ),
        Step(
            PurchaseState.SETTLED,
            "settled",
            "Terminer le bilan",
            "Terminer le bilan ?",
            ("Les membres ne pourront plus dire combien d’agents ont acheté.", "Un bilan terminé ne se rouvre pas."),
            "Le bilan est terminé.",
        ),
    ),
    without_items="Cette offre n’a pas encore d’article.",
    due="Fin de l’offre",
    unit="agent",
    asking=INTEREST,
    labels={"/besoins": "Intentions"},
    words={
        PurchaseState.OPEN: "Intentions ouvertes",
        PurchaseState.CLOSED: "À négocier",
        PurchaseState.ORDERED: "Offre publiée",
        PurchaseState.DELIVERED: "Bilan en cours",
        PurchaseState.SETTLED: "Terminée",
        PurchaseState.CANCELLED: "Abandonnée",
    },
)
