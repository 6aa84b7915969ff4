"""How a purchase is bought, in words."""

from collections.abc import Mapping

from pooling.procurement.models import Environment, Mandate
from pooling.sharing.money import Cents
from pooling.web.typography import euros

MANDATES: Mapping[Mandate, str] = {
    Mandate.PROCEDURE_ONLY: "Le pilote mène la procédure, chacun signe et exécute",
    Mandate.SIGN_AND_NOTIFY: "Le pilote signe et notifie, chacun exécute",
    Mandate.FULL: "Le pilote signe, notifie et exécute pour tous",
}
ENVIRONMENTS: Mapping[Environment, str] = {
    Environment.CRITERION: "Un critère environnemental au moins",
    Environment.LIFE_CYCLE: "Le seul coût du cycle de vie",
}


def money(cents: Cents) -> str:
    return f"{euros(cents)} HT"
