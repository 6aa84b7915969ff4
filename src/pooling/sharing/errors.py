"""What a rule refuses, with a stable code, the field to look at and a French sentence."""

from typing import Literal

ErrorCode = Literal[
    "no_basis",
    "missing_weight",
    "percent_sum",
    "unknown_member",
    "unknown_item",
    "unknown_charge",
    "duplicate",
    "negative_quantity",
    "invalid_quantity",
    "invalid_amount",
    "invoice_mismatch",
    "malformed",
]

SENTENCES: dict[ErrorCode, str] = {
    "no_basis": "La clé de répartition ne donne aucune base\u00a0: tous les poids sont nuls.",
    "missing_weight": "Il manque à un membre la valeur dont la clé a besoin (population ou agents).",
    "percent_sum": "Les pourcentages ne font pas exactement 100\u00a0%.",
    "unknown_member": "Ce membre ne figure pas dans la liste des membres.",
    "unknown_item": "Cet article ne figure pas dans la liste des articles.",
    "unknown_charge": "Ces frais ne figurent pas dans la liste des frais.",
    "duplicate": "La même ligne est donnée deux fois.",
    "negative_quantity": "Une quantité ne peut pas être négative.",
    "invalid_quantity": "Cette quantité n’est pas possible.",
    "invalid_amount": "Ce montant n’est pas lisible\u00a0: un texte comme «\u00a01234.56\u00a0» est attendu.",
    "invoice_mismatch": "La facture s’écarte du calcul de plus d’un centime par ligne.",
    "malformed": "Cette donnée n’a pas la forme attendue.",
}


class RuleError(ValueError):
    """A case that a rule refuses.

    `field` is a dotted path into the case (`charges.transport`, `needs[3].quantity`), for the person.
    """

    def __init__(self, code: ErrorCode, field: str = "") -> None:
        """Keep the code and the field; the message is for developers' logs."""
        super().__init__(f"{code}: {field}")
        self.code: ErrorCode = code
        self.field = field

    @property
    def sentence(self) -> str:
        """What to tell the person, in French."""
        return SENTENCES[self.code]

    def to_json(self, label: str) -> dict[str, object]:
        """The error as both rules answer it."""
        return {"case": label, "error": {"code": self.code, "field": self.field}}
