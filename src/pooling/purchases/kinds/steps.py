"""Steps that the lead buyer takes by hand, and what must be so before. `{member}` and `{of_member}` name a member,
`{title}` the purchase.
"""

from dataclasses import dataclass

from pooling.purchases.models import PurchaseState


@dataclass(frozen=True)
class Fact:
    """What must be so before a step. The feature that knows says of which purchases it is so (`purchase_facts`)."""

    name: str
    lacking: str
    """Why the step is refused until then."""
    task: str
    """What is to be done about it, by the lead buyer."""
    path: str
    """Where, from the purchase on."""
    button: str


@dataclass(frozen=True)
class Step:
    state: PurchaseState
    """Where it leads."""
    event: str
    """The last word of its event's name."""
    label: str
    """Of its button, and of the task."""
    question: str
    consequences: tuple[str, ...]
    done: str
    facts: tuple[Fact, ...] = ()
    subject: str = ""
    """Of the mail that tells the référents; empty: they are not told."""
    tells: str = ""
    path: str = ""
    """Where that mail leads, from the purchase on."""
    button: str = "Voir l’achat"


CONSOLIDATED = Fact(
    "consolidated",
    lacking="Figez d’abord la consolidation : elle dit ce qui est commandé.",
    task="Figer la consolidation",
    path="/consolidation",
    button="Consolider",
)
UNORDERED = Fact(
    "unordered",
    lacking="Des bons de commande sont préparés : l’achat passe à « Commandé » quand tous sont partis.",
    task="Envoyer les bons de commande",
    path="/commandes",
    button="Voir les commandes",
)
RECEIVED = Fact(
    "received",
    lacking="Des commandes sont encore attendues : l’achat passe à « Livré » quand toutes sont complètes.",
    task="Suivre ce qui doit encore arriver",
    path="/receptions",
    button="Voir les réceptions",
)
JOINED = Fact(
    "joined",
    lacking="Aucun membre ne participe : rouvrez la collecte, ou annulez l’achat.",
    task="Voir qui participe",
    path="/participation",
    button="Voir les réponses",
)
CONVENED = Fact(
    "convened",
    lacking="Des membres n’ont pas de délibération notée : la convention en demande une de chacun avant la commande.",
    task="Noter les délibérations",
    path="/procedure",
    button="Voir la procédure",
)
AGREED = Fact(
    "agreed",
    lacking="Figez d’abord un état de répartition depuis la clôture : c’est l’accord de ceux qui participent.",
    task="Figer la répartition entre ceux qui participent",
    path="/couts",
    button="Voir les coûts",
)
OFFERED = Fact(
    "offered",
    lacking="Écrivez d’abord l’offre : qui la fait, jusqu’à quand, le prix de chaque article et comment en profiter.",
    task="Négocier et écrire l’offre",
    path="/offre/modification",
    button="Écrire l’offre",
)
ORGANISED = Fact(
    "organised",
    lacking="Dites d’abord qui mène cet achat.",
    task="Noter qui mène cet achat et ses dates",
    path="/ailleurs/modification",
    button="Noter",
)
COSTED = Fact(
    "costed",
    lacking="Notez d’abord ce que l’achat a coûté, en tout ou par membre.",
    task="Noter ce que l’achat a coûté",
    path="/ailleurs/modification",
    button="Noter",
)
