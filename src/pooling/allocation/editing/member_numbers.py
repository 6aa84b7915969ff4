"""What is typed for each member: boxes beside their names, or beyond a few hundred a list pasted from a spreadsheet."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from pooling.allocation.case import Payer
from pooling.allocation.key_choices import DECIMALS
from pooling.web.forms import Form
from pooling.web.numbers import decimal_text, typed_number

MOST_BOXES = 300
"""Members who have a box of their own; more are pasted."""
MOST_NAMED = 10
"""Bad lines told one by one."""


def has_boxes(payers: Sequence[Payer]) -> bool:
    return len(payers) <= MOST_BOXES


def read_numbers(form: Form, name: str, payers: Sequence[Payer]) -> dict[str, str]:
    """A number for each member that was given one, by code, as the rule writes it. What cannot be read is refused at
    its box, or named by its line.
    """
    if not has_boxes(payers):
        lines = _pasted(form, name, payers, lambda typed: decimal_text(typed.replace("%", ""), DECIMALS))
        return {code: value for code, value in lines.items() if value is not None}
    numbers = {}
    for payer in payers:
        box = f"{name}-{payer.member_id}"
        typed = form.value(box).replace("%", "")
        if typed.strip():
            try:
                numbers[payer.code] = decimal_text(typed, DECIMALS)
            except ValueError as refused:
                form.refuse(box, f"{payer.name}\u00a0: {refused}")
    return numbers


def read_chosen(form: Form, name: str, payers: Sequence[Payer]) -> list[str]:
    """The codes of the members ticked, or pasted one a line, in the order of codes."""
    if has_boxes(payers):
        return sorted(payer.code for payer in payers if form.value(f"{name}-{payer.member_id}"))
    return sorted(_pasted(form, name, payers, None))


def _pasted(form: Form, name: str, payers: Sequence[Payer], read: Callable[[str], str] | None) -> dict[str, str | None]:
    """Codes with their values (None without `read`); every line that cannot be taken is named."""
    known = {payer.code.lower(): payer.code for payer in payers}
    found: dict[str, str | None] = {}
    bad = []
    for number, cells in _lines(form.value(name)):
        code = known.get(cells[0].lower())
        try:
            if code is None:
                raise ValueError(f"«\u00a0{cells[0][:40]}\u00a0» ne participe pas à cet achat")  # noqa: TRY301 - told with the others
            if code in found:
                raise ValueError(f"«\u00a0{code}\u00a0» est déjà plus haut")  # noqa: TRY301
            found[code] = read(cells[1] if len(cells) > 1 else "") if read else None
        except ValueError as refused:
            bad.append(f"ligne {number}\u00a0: {str(refused).rstrip('.')}")
    if bad:
        more = f" Et {len(bad) - MOST_NAMED} autres lignes." if len(bad) > MOST_NAMED else ""
        said = " ; ".join(bad[:MOST_NAMED])
        form.refuse(name, f"{said[0].upper()}{said[1:]}.{more}")
    return found


def _lines(pasted: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines with their cells; a heading that begins with « code » is left out."""
    for number, line in enumerate(pasted.splitlines(), start=1):
        cells = [cell.strip() for cell in line.replace("\t", ";").split(";")]
        heading = number == 1 and cells[0].lower().startswith("code")
        if any(cells) and not heading:
            yield number, cells


def numbers_typed(name: str, numbers: Mapping[str, str], payers: Sequence[Payer]) -> dict[str, str]:
    """The fields that show these numbers."""
    if not has_boxes(payers):
        return {name: "\n".join(f"{code};{typed_number(value)}" for code, value in numbers.items())}
    boxes = {payer.code: f"{name}-{payer.member_id}" for payer in payers}
    return {boxes[code]: typed_number(value) for code, value in numbers.items() if code in boxes}


def chosen_typed(name: str, chosen: Sequence[str], payers: Sequence[Payer]) -> dict[str, str]:
    """The fields that show these members ticked."""
    if not has_boxes(payers):
        return {name: "\n".join(chosen)}
    return {f"{name}-{payer.member_id}": "1" for payer in payers if payer.code in set(chosen)}
