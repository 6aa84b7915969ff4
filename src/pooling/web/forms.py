"""Forms, once and for all: what was typed is read as it is, checked field by field, and shown again when it is wrong.

A page's POST handler takes `form: PostedForm`, reads its fields, and calls one use case inside `form.submitted(…)`:
when something is wrong it ends the request with the same page, rolls the transaction back and keeps every value typed.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar

from litestar import Request, Response
from litestar.di import NamedDependency
from pydantic import BaseModel, ValidationError

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import FIELD as CONFIRMED
from pooling.kernel.doubts import LONGEST_REASON, Doubtful, Insistence, mark_of
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.files import Upload
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import clean, clean_indented, one_line
from pooling.mail_addresses import WrongAddressError, read_address
from pooling.web.faults import sentences_of
from pooling.web.form_reading import read_fields
from pooling.web.markdown import faults_of, read_beside
from pooling.web.typography import number

Model = TypeVar("Model", bound=BaseModel)
_ANY_NUMBER = re.compile(r"(-?)([0-9]+)(?:[.,]([0-9]+))?")
_MOST_DIGITS = 15
"""More are said to be too large without being read."""
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.([0-9]+))?")
_HOUR = re.compile(r"([01]?\d|2[0-3])(?::([0-5]\d))?")
_BLANKS = re.compile(r"\s")
_BLANKS_TO_SPARE = 10_000
"""A text that is so much longer than its longest is too long, whatever may be cleaned away, which takes a while."""


MOST_ERRORS = limit(20, "Wrong fields told in one answer", __name__, Readers.PROGRAMS)
"""And how many more there are: a small body must not make a large answer."""


class Redisplay(Exception):
    """Ends a request with this response and rolls its transaction back: the page again, with what must be mended."""

    def __init__(self, response: Response[Any]) -> None:
        super().__init__()
        self.response = response


@dataclass
class Form:
    """Values as typed, and one French sentence for each field to mend. Also the empty form of a GET."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    file_lists: dict[str, list[Upload]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    """What may be a slip, to insist on (components/doubts.html)."""
    status: int = Invalid.status
    """What its page answers when something is to mend."""
    conflict: str = ""
    """The code of the conflict that is told in it (`submitted`)."""

    def sent(self, name: str) -> list[Upload]:
        """The files that a field sends; a browser sends one without a name where none is chosen."""
        return [file for file in self.file_lists.get(name, []) if file.name]

    @property
    def has_errors(self) -> bool:
        return bool(self.errors)

    @property
    def told(self) -> list[tuple[str, str]]:
        """The first errors: those that the head of the page lists."""
        return list(self.errors.items())[:MOST_ERRORS]

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def error(self, name: str) -> str | None:
        return self.errors.get(name)

    def refuse(self, name: str, sentence: str) -> None:
        self.errors.setdefault(name, sentence)

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times (checkboxes)."""
        return self.lists.get(name, [])

    # Reading: each returns the value, or refuses the field with a sentence that says how to mend and returns a default.

    def text(self, name: str, *, required: str | None = None, longest: int = 200) -> str:
        """One line: a name, a title. `required` is the sentence to say when it is empty."""
        return self._text(name, one_line, required, longest)

    def lines(self, name: str, *, longest: int, required: str | None = None, indented: bool = False) -> str:
        """As `text`, of one line or more; `indented`, whether blanks mean something, as in Markdown."""
        return self._text(name, clean_indented if indented else clean, required, longest)

    def _text(self, name: str, cleaned: Callable[[str], str], required: str | None, longest: int) -> str:
        typed = self.value(name)
        if not typed and not required:
            return ""
        value = typed if len(typed) > longest + _BLANKS_TO_SPARE else cleaned(typed)
        if not value and required:
            self.refuse(name, required)
        if len(value) > longest:
            self.refuse(name, f"Raccourcissez ce texte : {longest} caractères au plus.")
        return value

    def reason(self, name: str = "reason", *, required: str | None = None) -> str:
        """Why somebody does what the form is for, as events and mails say it."""
        return self.lines(name, longest=LONGEST_REASON, required=required)

    async def markdown(self, name: str, *, longest: int) -> str:
        """A text in Markdown, with line feeds alone, that a document can hold."""
        value = self.lines(name, longest=longest, indented=True).replace("\r\n", "\n").replace("\r", "\n")
        faults = await read_beside(faults_of, value) if len(value) <= longest else []
        if faults:
            self.refuse(name, " ".join(faults))
        return value

    def email(self, name: str) -> str:
        """An address that mail can reach, as it is kept."""
        typed = clean(self.value(name))
        try:
            return read_address(typed)
        except WrongAddressError as wrong:
            self.refuse(name, str(wrong))
            return typed

    def integer(self, name: str, *, smallest: int = 0, largest: int = 1_000_000, default: int | None = None) -> int:
        """A whole number; blanks between thousands are welcome. An empty field is `default`, if there is one."""
        typed = _BLANKS.sub("", self.value(name)).replace("−", "-")
        if not typed and default is not None:
            return default
        wrong = _wrong_integer(typed, smallest, largest)
        if wrong:
            self.refuse(name, wrong)
            return smallest
        return int(typed)

    def decimal(self, name: str, *, places: int = 2, largest: int = 1_000_000_000) -> Decimal:
        """A number that is not negative, with a comma or a point: `1 234,56`."""
        typed = _BLANKS.sub("", self.value(name)).removesuffix("€").removesuffix("%").replace(",", ".")
        match = _DECIMAL.fullmatch(typed)
        if match is None or len(match[1] or "") > places:
            self.refuse(name, _wrong_decimal(typed, places, largest))
            return Decimal(0)
        value = Decimal(typed)
        if value > largest:
            self.refuse(name, f"Indiquez {number(largest)} au plus.")
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str:
        value = self.value(name)
        if value not in choices:
            self.refuse(name, "Choisissez une des réponses proposées.")
        return value

    def date(self, name: str) -> date | None:
        """A day, as a browser's date field sends it (`2027-03-30`) or as people write it (`30/03/2027`)."""
        typed = clean(self.value(name))
        for layout in ("%Y-%m-%d", "%d/%m/%Y"):
            try:
                day = datetime.strptime(typed, layout).date()  # noqa: DTZ007 - a day, not an instant
            except ValueError:
                continue
            if FIRST_DAY <= day <= LAST_DAY:
                return day
            self.refuse(name, f"Indiquez une date entre {FIRST_DAY.year} et {LAST_DAY.year} : vérifiez l’année.")
            return None
        self.refuse(name, "Indiquez une date, par exemple 30/03/2027.")
        return None

    def time(self, name: str) -> time | None:
        """An hour: `14:30`, `14h30`, `14 h`."""
        typed = _BLANKS.sub("", self.value(name)).lower().replace("h", ":").rstrip(":")
        match = _HOUR.fullmatch(typed)
        if match is None:
            self.refuse(name, "Indiquez une heure, par exemple 14 h 30.")
            return None
        return time(int(match[1]), int(match[2] or 0))

    def insistence(self) -> Insistence:
        """Whether the box under the doubts was ticked, and the reason beside it."""
        reason = self.text("because", longest=LONGEST_REASON)
        return Insistence(reason if self.value(CONFIRMED) == "1" else "", self.value("doubts"))

    @property
    def doubts_mark(self) -> str:
        return mark_of(self.doubts)

    def _doubt(self, found: Sequence[str]) -> None:
        """Shows the doubts; a box ticked for others is ticked no more."""
        self.doubts = tuple(found)
        if self.value("doubts") != self.doubts_mark:
            self.values[CONFIRMED] = ""
            self.refuse(CONFIRMED, "Vérifiez les points signalés plus bas : corrigez, ou confirmez et dites pourquoi.")
        elif self.value(CONFIRMED) != "1":
            self.refuse(CONFIRMED, "Cochez la case pour confirmer, ou corrigez.")
        else:
            self.refuse("because", "Dites pourquoi : votre raison reste au journal.")

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Tells what a check refuses beside what could not be read, so that errors do not come in waves. Where a field
        is refused already, or a part of it (`percents-12` of `percents`), the check knows no better.
        """
        try:
            yield
        except Invalid as invalid:
            unread = {name.partition("-")[0] for name in self.errors}
            for name, sentence in invalid.errors.items():
                if name not in unread:
                    self.refuse(name, sentence)

    def command(self, model: type[Model], fields: Mapping[str, str], **read: Any) -> Model:  # noqa: ANN401
        """What was read, as the model that a use case takes. What the model does not take, and reading did not refuse,
        is refused at the form's name for it (`fields`); all the same it is returned, for checks that tell what else
        is wrong (`joined`).
        """
        try:
            return model(**read)
        except ValidationError as refused:
            for name, sentence in sentences_of(refused).items():
                part = name.partition(".")[0]
                self.refuse(fields.get(part, part), sentence)
            return model.model_construct(**read)

    def check(self) -> None:
        """Raises what was refused so far.

        Raises:
            Invalid: at least one field was refused.
        """
        if self.errors:
            raise Invalid(self.errors)

    @asynccontextmanager
    async def submitted(
        self,
        page: Callable[[], Awaitable[Response[Any]]],
        *,
        fields: Mapping[str, str] | None = None,
        conflict: str | None = None,
    ) -> AsyncIterator[None]:
        """Around the use case that a form is for. What reading it refused before, or is refused inside, ends the
        request with its page again, every value kept.

        `fields` are this form's names for what the use case calls otherwise. A `Conflict` is told at the field
        `conflict`, "" for the head of the page; None leaves it to the page of errors.

        Raises:
            Redisplay: something is to mend.
        """
        if not self.errors:
            try:
                yield
            except Invalid as invalid:
                self._gather(invalid, fields or {})
            except Conflict as refused:
                if conflict is None:
                    raise
                self.conflict = refused.code
                self.refuse(conflict, refused.message)
        if self.errors:
            raise Redisplay(await page())

    def _gather(self, invalid: Invalid, fields: Mapping[str, str]) -> None:
        self.status = invalid.status
        if isinstance(invalid, Doubtful):
            self._doubt(invalid.doubts)
            return
        for name, sentence in invalid.errors.items():
            self.refuse(fields.get(name, name), sentence)


def _wrong_integer(typed: str, smallest: int, largest: int) -> str | None:
    """What is wrong with it as a whole number, each fault with its own limit; None when nothing is."""
    match = _ANY_NUMBER.fullmatch(typed)
    if match is None:
        return f"Indiquez un nombre entier, par exemple {number(min(max(12, smallest), largest))}."
    minus, whole, fraction = match[1], match[2].lstrip("0"), match[3]
    if minus and smallest == 0:
        return "Indiquez 0 ou plus\u00a0: ce nombre est négatif."
    if fraction is not None:
        return "Indiquez un nombre entier, sans virgule ni point."
    if minus or int(whole[:_MOST_DIGITS] or "0") < smallest:
        return f"Indiquez {number(smallest)} au moins."
    if len(whole) >= _MOST_DIGITS or int(whole or "0") > largest:
        return f"Indiquez {number(largest)} au plus."
    return None


def _wrong_decimal(typed: str, places: int, largest: int) -> str:
    """What is wrong with a number that is not the one asked for."""
    match = _ANY_NUMBER.fullmatch(typed.replace("−", "-"))
    if match is None:
        return "Indiquez un nombre, par exemple 12,5."
    if match[1]:
        return "Indiquez 0 ou plus\u00a0: ce nombre est négatif."
    if len(match[3] or "") > places:
        return f"Indiquez {places} chiffres au plus après la virgule."
    return f"Indiquez {number(largest)} au plus."


def longest_of(model: type[BaseModel], field: str) -> int:
    """How many letters the model takes there: the bound of a form that is read for it."""
    (longest,) = (bound.max_length for bound in model.model_fields[field].metadata if hasattr(bound, "max_length"))
    return int(longest)


def form_of(values: Mapping[str, object]) -> Form:
    """The form of a GET, filled with what is known."""
    return Form(values={name: "" if value is None else str(value) for name, value in values.items()})


async def provide_form(request: Request[Any, Any, Any]) -> Form:
    """The form that was posted, as it was typed but for what nobody sees. A file field is in `files`, everything else
    is text.
    """
    kept: dict[str, Any] = request.scope["state"]
    if "form" not in kept:
        kept["form"] = await _posted(request)
    form: Form = kept["form"]
    return form


async def _posted(request: Request[Any, Any, Any]) -> Form:
    form = Form()
    for name, value in await read_fields(request.headers.get("content-type", ""), await request.body()):
        if isinstance(value, Upload):
            form.files[name] = value
            form.file_lists.setdefault(name, []).append(value)
        else:
            form.values.setdefault(name, value)
            form.lists.setdefault(name, []).append(value)
    return form


PostedForm = NamedDependency[Form]
"""How a POST handler asks for its form: `form: PostedForm`."""
