"""What the pages of charges and those of subsidies say otherwise: their fields, their words, their addresses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pooling.allocation.editing.charge_form import charge_choices, charge_form, read_charge
from pooling.allocation.editing.key_form import lacks_fields
from pooling.allocation.editing.lines import CHARGES, SUBSIDIES, EditedLines
from pooling.allocation.editing.offered import Offered
from pooling.allocation.editing.preview import Kind
from pooling.allocation.editing.subsidy_form import read_subsidy, subsidy_choices, subsidy_form
from pooling.allocation.figures import Labels
from pooling.allocation.page import SECTION
from pooling.allocation.words import charge_in_words, subsidy_in_words
from pooling.web.forms import Form


@dataclass(frozen=True)
class LineForm:
    """One kind of lines, on its pages."""

    kind: EditedLines[Any, Any]
    counted: Kind
    """Where the rule's case has these lines."""
    path: str
    new: str
    adding: str
    template: str
    filled: Callable[[Any, Offered], Form]
    choices: Callable[[Form, Offered], dict[str, Any]]
    lacks_fields: Callable[[Form], bool]
    read: Callable[[Form, Offered], Any]
    in_words: Callable[[Mapping[str, Any], Labels], dict[str, str]]
    loss: str
    """What goes with the line, put together from its words."""


FORMS = (
    LineForm(
        kind=CHARGES,
        counted="charges",
        path=f"{SECTION}/frais",
        new="nouveau",
        adding="Ajouter des frais",
        template="allocation/charge.html",
        filled=charge_form,
        choices=charge_choices,
        lacks_fields=lacks_fields,
        read=read_charge,
        in_words=charge_in_words,
        loss="{Montant HT} HT, {Clé}\u00a0: ce montant ne sera plus réparti.",
    ),
    LineForm(
        kind=SUBSIDIES,
        counted="subsidies",
        path=f"{SECTION}/subventions",
        new="nouvelle",
        adding="Ajouter une subvention",
        template="allocation/subsidy.html",
        filled=subsidy_form,
        choices=subsidy_choices,
        lacks_fields=lambda _: False,
        read=read_subsidy,
        in_words=subsidy_in_words,
        loss="{Aide}\u00a0: elle ne sera plus déduite.",
    ),
)
