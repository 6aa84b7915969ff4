"""`pooling allocate` and `pooling consolidate`: the rules alone, on case files. No database, no settings, and nothing
imported that the answer does not need.
"""

import gc
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Generic, NoReturn, TypeVar

import rich_click as click

from pooling.sharing.allocation_result import Allocation
from pooling.sharing.case_files import JsonRule, UnreadableError, answer_case, answer_lines, parse, write
from pooling.sharing.consolidation_result import Consolidation
from pooling.sharing.errors import RuleError
from pooling.sharing.reading import label_of

WRONG = 2
Result = TypeVar("Result")


@dataclass(frozen=True)
class Rule(Generic[Result]):
    """One of the two rules, and the two ways of showing its result."""

    answer: JsonRule
    solve: Callable[[object], Result]
    print_table: Callable[[Result], None]
    write_workbook: Callable[[BinaryIO, Result], None]


def _arguments(command: Callable[..., None]) -> Callable[..., None]:
    decorations = [
        click.argument("file", type=click.File("rb", lazy=False)),
        click.option("--lines", is_flag=True, help="FILE holds one case a line (as a .jsonl does), whatever its name."),
        click.option("--table", is_flag=True, help="A table to read in place of JSON."),
        click.option("--xlsx", metavar="OUT", type=click.Path(path_type=Path, dir_okay=False), help="Also a workbook."),
    ]
    for decoration in reversed(decorations):
        command = decoration(command)
    return command


@click.command()
@_arguments
def allocate(file: BinaryIO, lines: bool, table: bool, xlsx: Path | None) -> None:  # noqa: FBT001
    """Share a case's costs to the cent: who pays what.

    FILE is a .json (one case), a .jsonl (one case a line), or - for standard input, where several complete lines are
    taken as one case a line. The result is printed as JSON; docs/allocation.md describes both.

    Exit status 2 when the one case is refused: its error is printed in place of a result. In a .jsonl each line has
    its own result or error, the status is 0 and the count stands on standard error.
    """
    from pooling.sharing.allocation import allocate_json, allocate_raw  # noqa: PLC0415 - see the module's head

    _treat(
        Rule(allocate_json, allocate_raw, _print_allocation, _write_allocation), file, xlsx, lines=lines, table=table
    )


@click.command()
@_arguments
def consolidate(file: BinaryIO, lines: bool, table: bool, xlsx: Path | None) -> None:  # noqa: FBT001
    """Turn declared needs into an order: packs, price tier, and what each member gets.

    FILE and exit status are as for `pooling allocate`; docs/consolidation.md describes case and result.
    """
    from pooling.sharing.consolidation import consolidate_json, consolidate_raw  # noqa: PLC0415 - see the module's head

    rule = Rule(consolidate_json, consolidate_raw, _print_consolidation, _write_consolidation)
    _treat(rule, file, xlsx, lines=lines, table=table)


def _treat(rule: Rule[Result], file: BinaryIO, xlsx: Path | None, *, lines: bool, table: bool) -> None:
    path = Path(str(getattr(file, "name", "")))
    if xlsx is not None and xlsx.exists() and path.exists() and xlsx.samefile(path):
        raise click.UsageError("--xlsx would overwrite the case.")
    suffix = path.suffix.lower()
    lines = lines or suffix == ".jsonl"
    content: Iterable[bytes] = file
    if not lines and suffix != ".json":
        lines, content = _looks_like_lines(file)
    if lines:
        if table or xlsx:
            raise click.UsageError("--table and --xlsx show one case: give them a .json.")
        _treat_lines(rule, content)
    elif table or xlsx:
        _treat_shown(rule, b"".join(content), xlsx, table=table)
    else:
        gc.disable()  # the process ends with its answer; collecting would only cost time
        answer = answer_case(b"".join(content), rule.answer)
        _print(answer.line)
        if answer.failed:
            sys.exit(WRONG)


def _looks_like_lines(file: BinaryIO) -> tuple[bool, Iterable[bytes]]:
    """Whether a nameless text holds one case a line: its first line is complete, and others follow. Also that text."""
    first = list(islice((line for line in file if line.strip()), 2))
    several = len(first) > 1
    if several:
        try:
            parse(first[0])
        except UnreadableError as refusal:
            several = refusal.error.code == "duplicate"
    return several, chain(first, file)


def _treat_lines(rule: Rule[Result], content: Iterable[bytes]) -> None:
    cases = errors = 0
    for answer in answer_lines(content, rule.answer):
        _print(answer.line)
        cases += 1
        errors += answer.failed
    click.echo(f"{cases} case(s), {errors} error(s).", err=True)


def _treat_shown(rule: Rule[Result], text: bytes, xlsx: Path | None, *, table: bool) -> None:
    label = ""
    try:
        raw = parse(text)
        label = label_of(raw)
        result = rule.solve(raw)
    except UnreadableError as refusal:
        _refuse(refusal.error, refusal.label)
    except RuleError as error:
        _refuse(error, label)
    if table:
        rule.print_table(result)
    else:
        _print(answer_case(text, rule.answer).line)
    if xlsx is not None:
        workbook = BytesIO()
        rule.write_workbook(workbook, result)
        xlsx.write_bytes(workbook.getbuffer())
        click.echo(f"Written: {xlsx}", err=True)


def _print(line: str) -> None:
    sys.stdout.buffer.write(line.encode() + b"\n")  # UTF-8 whatever the terminal's encoding is


def _refuse(error: RuleError, label: str) -> NoReturn:
    _print(write(error.to_json(label)))
    sys.exit(WRONG)


def _print_allocation(result: Allocation) -> None:
    from pooling.allocation.console import allocation_table  # noqa: PLC0415 - see the module's head
    from pooling.sharing.statement import state_allocation  # noqa: PLC0415 - see the module's head

    _show(allocation_table(state_allocation(result)))


def _print_consolidation(result: Consolidation) -> None:
    from pooling.needs.console import consolidation_table  # noqa: PLC0415 - see the module's head

    _show(consolidation_table(result))


def _show(table: object) -> None:
    from rich.console import Console  # noqa: PLC0415 - see the module's head

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what a name holds that the terminal has no letter for
    Console().print(table)


def _write_allocation(target: BinaryIO, result: Allocation) -> None:
    from pooling.allocation.records.workbook import write_allocation_workbook  # noqa: PLC0415 - see the module's head
    from pooling.sharing.statement import state_allocation  # noqa: PLC0415 - see the module's head

    write_allocation_workbook(target, state_allocation(result))


def _write_consolidation(target: BinaryIO, result: Consolidation) -> None:
    from pooling.needs.workbook import write_consolidation_workbook  # noqa: PLC0415 - see the module's head

    write_consolidation_workbook(target, result)


COMMANDS = {"allocate": allocate, "consolidate": consolidate}
