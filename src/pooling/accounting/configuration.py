"""`[[accounting]]` in `config/finance.toml`: layouts of the files that accounting packages take in."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pooling.accounting.fields import FIELDS, LINE_FIELDS, PAID_FIELDS
from pooling.accounting.rows import Rows
from pooling.allocation.configuration import FILE
from pooling.kernel.configuration import read_configuration

_DATES = re.compile(r"(%[dmYy]|[-/. ]){1,12}")


_BESIDE: Mapping[Rows, Collection[str]] = {
    Rows.MEMBERS: {*LINE_FIELDS, *PAID_FIELDS},
    Rows.TITRES: LINE_FIELDS,
    Rows.LINES: (),
    Rows.PAYMENTS: (),
}
"""Fields that rows of each kind know nothing of."""


class LayoutColumn(BaseModel):
    """A column: one of our `field`s, or a `fixed` text, which may be empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    field: str | None = None
    fixed: str | None = None
    longest: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Characters that the package takes; more are cut off."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.field is None) == (self.fixed is None):
            raise ValueError(f"the column « {self.title} » has either a field or a fixed text")
        if self.field is not None and self.field not in FIELDS:
            raise ValueError(f"there is no field {self.field!r}; there are {', '.join(FIELDS)}")
        return self


class Layout(BaseModel):
    """A file for an accounting package."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    """In addresses and names of files."""
    title: str = Field(min_length=1, max_length=100)
    rows: Rows = Rows.MEMBERS
    encoding: Literal["cp1252", "utf-8"] = "cp1252"
    separator: Literal[";", ",", "\t", "|"] = ";"
    decimal: Literal[",", "."] = ","
    dates: str = "%d/%m/%Y"
    headings: bool = True
    columns: tuple[LayoutColumn, ...] = Field(min_length=1)

    @property
    def charset(self) -> str:
        """As a download calls it."""
        return "windows-1252" if self.encoding == "cp1252" else "utf-8"

    @field_validator("dates")
    @classmethod
    def _readable(cls, dates: str) -> str:
        if not _DATES.fullmatch(dates):
            raise ValueError("dates are written with %d, %m, %Y or %y and - / . or spaces between them")
        return dates

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.decimal == self.separator:
            raise ValueError("the decimal sign is the separator")
        lacking = [column.field for column in self.columns if column.field in _BESIDE[self.rows]]
        if lacking:
            raise ValueError(f"{', '.join(map(str, lacking))}: of a line, and this layout has a row for each member")
        return self


def _columns(*columns: tuple[str, str] | tuple[str, str, int]) -> tuple[LayoutColumn, ...]:
    return tuple(
        LayoutColumn(
            title=title,
            field=field or None,
            fixed=None if field else "",
            longest=longest[0] if longest else None,
        )
        for title, field, *longest in columns
    )


_OBJECT, _NAME, _NUMBER = 160, 38, 20
RECEIPTS = Layout(
    name="titres",
    title="Projets de titres",
    rows=Rows.TITRES,
    columns=_columns(
        *(("Exercice", "year"), ("Date", "dated"), ("Numéro", "statement_number", _NUMBER)),
        *(("SIRET du débiteur", "siret"), ("SIREN du débiteur", "siren"), ("Débiteur", "member_name", _NAME)),
        *(("Adresse", "address", _OBJECT), ("Code de service", "service_code"), ("Engagement", "engagements")),
        *(("Marché ou commande", "orders"), ("Objet", "object", _OBJECT), ("Article", ""), ("Fonction", "")),
        *(("HT", "ht"), ("TVA", "vat"), ("TTC", "ttc"), ("Échéance", "due_on"), ("Pièce jointe", "file", 100)),
    ),
)
EXPENSES = Layout(
    name="mandats",
    title="Projets d’engagements et de mandats",
    rows=Rows.PAYMENTS,
    columns=_columns(
        *(("Exercice", "year"), ("Date", "dated"), ("Numéro", "statement_number", _NUMBER)),
        *(("SIREN", "siren"), ("Collectivité", "member_name", _NAME), ("Budget", "budget")),
        *(("SIRET du créancier", "creditor_siret"), ("Créancier", "creditor", _NAME)),
        *(("Engagement", "engagement"), ("Marché ou commande", "orders"), ("Objet", "line_object", _OBJECT)),
        *(("Section", "section"), ("Article", "account"), ("Fonction", ""), ("Opération", "")),
        *(("Quantité", "quantity"), ("HT", "line_ht"), ("Taux de TVA", "vat_rate"), ("TVA", "line_vat")),
        *(("TTC", "line_ttc"), ("Échéance", "due_on"), ("Pièce jointe", "file", 100)),
    ),
)


class AccountingLayouts(BaseModel):
    """Of the file, its layouts. Without any, two that suit most packages."""

    model_config = ConfigDict(frozen=True)

    accounting: tuple[Layout, ...] = (RECEIPTS, EXPENSES)

    @model_validator(mode="after")
    def _named_apart(self) -> Self:
        twice = [name for name, times in Counter(layout.name for layout in self.accounting).items() if times > 1]
        if twice:
            raise ValueError(f"two layouts are called {twice[0]}")
        return self

    def layout(self, name: str) -> Layout | None:
        return next((layout for layout in self.accounting if layout.name == name), None)


def read_layouts(config_dir: Path) -> AccountingLayouts:
    """The layouts of the configuration folder.

    Raises:
        ConfigurationError: one is not right; the message says where.
    """
    return read_configuration(config_dir / FILE, AccountingLayouts)
