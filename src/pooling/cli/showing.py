"""What is set, from where; secrets are not shown."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import rich_click as click
from pydantic import SecretStr

from pooling.cli.failures import without_password
from pooling.settings import Settings, load_settings, source_of, variable_of

HIDDEN = "(hidden)"


@dataclass(frozen=True)
class Shown:
    variable: str
    value: str | int | None
    source: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def settings(as_json: bool) -> None:  # noqa: FBT001
    """List every setting with its value and where it comes from; secrets stay hidden."""
    shown = list(_shown(load_settings()))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in shown], indent=1))
        return
    width = max(len(one.variable) for one in shown)
    for one in shown:
        click.echo(f"{one.variable:<{width}}  {'(none)' if one.value is None else one.value}  [{one.source}]")


def _shown(settings: Settings) -> Iterator[Shown]:
    for name in type(settings).model_fields:
        yield Shown(variable_of(name), _said(getattr(settings, name)), source_of(name))


def _said(value: object) -> str | int | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, SecretStr):
        return HIDDEN
    said = str(value)
    return without_password(said) if "://" in said else said


COMMANDS = {"settings": settings}
