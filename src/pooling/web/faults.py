"""What a model does not take, in French: one sentence for each wrong field."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

_SENTENCES: Mapping[str, str] = {
    "missing": "Indiquez cette information.",
    "extra_forbidden": "Ce champ n’existe pas.",
    "model_type": "Envoyez un objet JSON.",
    "model_attributes_type": "Envoyez un objet JSON.",
    "dict_type": "Envoyez un objet JSON.",
    "tuple_type": "Envoyez une liste.",
    "list_type": "Envoyez une liste.",
    "too_long": "Envoyez au plus {max_length} éléments.",
    "too_short": "Envoyez au moins {min_length} élément.",
    "string_type": "Envoyez un texte.",
    "string_too_short": "Ce texte est trop court : {min_length} caractère au moins.",
    "string_too_long": "Raccourcissez ce texte : {max_length} caractères au plus.",
    "string_pattern_mismatch": "Ce texte n’a pas la forme attendue ({pattern}).",
    "int_type": "Envoyez un nombre entier.",
    "int_parsing": "Envoyez un nombre entier.",
    "int_parsing_size": "Ce nombre est trop grand.",
    "int_from_float": "Envoyez un nombre entier.",
    "bool_type": "Envoyez true ou false.",
    "bool_parsing": "Envoyez true ou false.",
    "decimal_type": 'Envoyez un nombre décimal, par exemple "12.50".',
    "decimal_parsing": 'Envoyez un nombre décimal, par exemple "12.50".',
    "finite_number": "Envoyez un nombre fini.",
    "decimal_max_digits": "Ce nombre a trop de chiffres.",
    "decimal_max_places": "Donnez au plus {decimal_places} décimales.",
    "decimal_whole_digits": "Ce nombre est trop grand.",
    "greater_than_equal": "Indiquez {ge} au moins.",
    "less_than_equal": "Indiquez {le} au plus.",
    "enum": "Choisissez une de ces valeurs : {expected}.",
    "literal_error": "Choisissez une de ces valeurs : {expected}.",
    "none_required": "Ce champ ne convient pas à ce type de membre.",
    "timezone_aware": "Précisez le fuseau horaire, par exemple 2027-03-30T18:00:00+02:00.",
    "timezone_naive": "Donnez l’heure sans fuseau : c’est celle du groupe.",
}
_BY_FAMILY = (
    ("datetime_", "Donnez un instant, par exemple 2027-03-30T18:00:00+02:00."),
    ("date_", "Donnez une date, par exemple 2027-03-30."),
    ("time_", "Donnez une heure, par exemple 14:30."),
)


def sentences_of(refused: ValidationError) -> dict[str, str]:
    """The first fault of each field, by its place: `items.2.name`."""
    faults: dict[str, str] = {}
    for found in refused.errors(include_url=False, include_input=False):
        faults.setdefault(".".join(str(part) for part in found["loc"]), _sentence(found))
    return faults


def _sentence(found: Mapping[str, Any]) -> str:
    kind, context = found["type"], found.get("ctx", {})
    if kind == "value_error":
        return f"{context['error']}".removesuffix(".") + "."
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**context)
    return next((said for start, said in _BY_FAMILY if kind.startswith(start)), "Cette valeur ne convient pas.")
