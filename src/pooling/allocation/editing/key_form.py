"""The fields of an allocation key, wherever one is chosen: what a key shows in them, and what was typed.

Where a page has the keys of several charges, `of` ends the names of one charge's fields: `-12`.
"""

from collections.abc import Sequence
from typing import Any

from pooling.allocation.case import Payer
from pooling.allocation.editing.member_numbers import numbers_typed, read_numbers
from pooling.allocation.key_choices import DECIMALS, OF_ITEMS, WORDS, KeyChoice, choice_of, parts_of
from pooling.web.forms import Form
from pooling.web.numbers import decimal_text, typed_number

MIX_PARTS = range(1, 5)
"""A mix has four parts at most: nobody could follow more."""
_ASKED = {KeyChoice.WEIGHTS: "weights", KeyChoice.PERCENTS: "percents"}


def key_options(*, has_items: bool) -> list[tuple[str, str, str]]:
    """(value, name, explanation) of the keys that a charge of this purchase may have."""
    return [(str(key), *WORDS[key]) for key in KeyChoice if has_items or key not in OF_ITEMS]


def mix_options(*, has_items: bool) -> list[tuple[str, str]]:
    """(value, name) of those that a part of a mix may have."""
    return [(key, name) for key, name, _ in key_options(has_items=has_items) if key != KeyChoice.MIX]


def key_typed(key: Any, payers: Sequence[Payer], of: str = "") -> dict[str, str]:  # noqa: ANN401 - a key as JSON
    """The fields that show this key."""
    values = {f"key{of}": str(choice_of(key))}
    for place, (percent, part) in enumerate(parts_of(key), start=1):
        if percent is not None:
            values[f"part{of}-{place}"] = typed_number(percent)
            values[f"part-key{of}-{place}"] = str(choice_of(part))
        for kind in _ASKED.values():
            if isinstance(part, dict) and kind in part:
                values |= numbers_typed(f"{kind}{of}", part[kind], payers)
    return values


def chosen_in(form: Form, of: str = "") -> set[str]:
    """The keys chosen, those inside a mix."""
    if form.value(f"key{of}") != KeyChoice.MIX:
        return {form.value(f"key{of}")} - {""}
    return {form.value(f"part-key{of}-{place}") for place in MIX_PARTS} - {""}


def key_blocks(form: Form, of: str = "") -> set[str]:
    """The blocks of fields that the key chosen asks for: `mix`, `weights`, `percents`."""
    chosen = chosen_in(form, of)
    blocks = {name for key, name in _ASKED.items() if key in chosen}
    return blocks | ({"mix"} if form.value(f"key{of}") == KeyChoice.MIX else set())


def lacks_fields(form: Form, of: str = "") -> bool:
    """Whether the key chosen needs fields that the page did not show: they must be filled in first."""
    return not key_blocks(form, of) <= set(form.value(f"shown{of}").split())


def read_key(form: Form, payers: Sequence[Payer], of: str = "") -> Any:  # noqa: ANN401
    """What was typed, as a charge keeps it; what cannot be read is refused at its field."""
    choice = form.choice(f"key{of}", list(KeyChoice))
    if choice != KeyChoice.MIX:
        return _read_part(form, choice, payers, of)
    parts = []
    for place in MIX_PARTS:
        share, chosen = f"part{of}-{place}", f"part-key{of}-{place}"
        typed, part = form.value(share).replace("%", ""), form.value(chosen)
        if not typed.strip() and not part:
            continue
        try:
            percent = decimal_text(typed, DECIMALS)
        except ValueError as refused:
            said = str(refused) if typed.strip() else "Indiquez un pourcentage, par exemple 50."
            form.refuse(share, f"Partie {place}\u00a0: {said[0].lower()}{said[1:]}")
            percent = "0"
        if part == KeyChoice.MIX or part not in set(KeyChoice):
            form.refuse(chosen, f"Partie {place}\u00a0: choisissez une clé.")
        else:
            parts.append({"percent": percent, "key": _read_part(form, part, payers, of)})
    if not parts:
        form.refuse(f"mix{of}", "Indiquez au moins une partie\u00a0: un pourcentage et une clé.")
    own = [choice_of(part["key"]) for part in parts]
    if any(own.count(key) > 1 for key in _ASKED):
        form.refuse(f"mix{of}", "Dans une clé mixte, les poids propres et les pourcentages ne servent qu’une fois.")
    return {"mix": parts}


def _read_part(form: Form, choice: str, payers: Sequence[Payer], of: str) -> Any:  # noqa: ANN401
    for key, name in _ASKED.items():
        if choice == key:
            return {name: read_numbers(form, f"{name}{of}", payers)}
    return choice
