from pooling.purchases.kinds.kind import Kind
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import COSTED, ORGANISED, Step
from pooling.purchases.models import PurchaseKind, PurchaseState

OUTSIDE = Kind(
    name=PurchaseKind.OUTSIDE,
    label="Un achat mené ailleurs",
    hint="Par une centrale d’achat ou un groupe voisin : le groupe en suit les dates, les documents et le coût.",
    noun="Un achat mené ailleurs",
    parts=frozenset({Part.FOLLOWED}),
    steps=(
        ("Préparation", PurchaseState.DRAFT),
        ("Suivi", PurchaseState.ORDERED),
        ("Livraison", PurchaseState.DELIVERED),
        ("Soldé", PurchaseState.SETTLED),
    ),
    by_hand=(
        Step(
            PurchaseState.ORDERED,
            "followed",
            "Suivre cet achat",
            "Commencer le suivi de cet achat ?",
            (
                "Les référents des participants reçoivent un courriel, puis un rappel avant chaque date.",
                "Ses participants ne changent plus.",
            ),
            "Le groupe suit cet achat.",
            facts=(ORGANISED,),
            subject="Un achat mené ailleurs",
            tells="Le groupe suit cet achat pour {member} : ses dates et la façon de participer sont sur sa page.",
            path="/ailleurs",
            button="Voir le suivi",
        ),
        Step(
            PurchaseState.DELIVERED,
            "delivered",
            "Constater la livraison",
            "Constater que tout est livré ?",
            ("L’achat ne peut plus être annulé, et ses dates ne sont plus rappelées.",),
            "La livraison est constatée.",
        ),
        Step(
            PurchaseState.SETTLED,
            "settled",
            "Solder l’achat",
            "Solder cet achat ?",
            ("Son suivi ne change plus.", "Un solde ne se défait pas."),
            "L’achat est soldé.",
            facts=(COSTED,),
        ),
    ),
    without_items="Cet achat est mené ailleurs : ses dates, ses documents et son coût sont dans « Suivi ».",
    words={PurchaseState.ORDERED: "Suivi en cours"},
)
