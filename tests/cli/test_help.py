"""Help speaks in one voice, on screen and in the manual: what a command does, as one would ask for it; then its
options, each in a sentence.
"""

import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
import rich_click as click

from pooling import PROJECT_ROOT
from pooling.cli.main import pooling

VERBS = """Add Archive Back Blank Bring Call Consolidate Correct Create End File Give Have List Make Name Read Renew
Restore Say Send Serve Share Start Take Turn Write"""


def commands(
    command: click.Command = pooling, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield (*path, name), found
            yield from commands(found, (*path, name))


def test_every_command_says_what_it_does_and_every_option_what_it_is() -> None:
    found = dict(commands())
    assert len(found) > 30
    for path, command in found.items():
        said = (command.help or "").strip()
        assert said.split()[0].removesuffix(",") in VERBS.split(), path
        assert said.endswith("."), path
        for option in command.params:
            if isinstance(option, click.Option):
                words = option.help or ""
                assert words[:1].isupper(), (path, option.name)
                assert words.endswith("."), (path, option.name)


def test_the_first_page_names_every_command_in_its_place() -> None:
    groups = click.rich_click.COMMAND_GROUPS["pooling"]
    named = [name for group in groups for name in group["commands"]]
    assert sorted(named) == sorted(path[0] for path, _ in commands() if len(path) == 1)


@pytest.mark.filterwarnings("ignore:'click.utils.make_default_short_help':DeprecationWarning")  # click-man asks for it
def test_the_manual_has_a_page_for_each(tmp_path: Path) -> None:
    script = runpy.run_path(str(PROJECT_ROOT / "docs" / "man_pages.py"))
    script["write_man_pages"]("pooling", script["whole"](), version="1", target_dir=str(tmp_path))
    pages = {path.name for path in tmp_path.iterdir()}
    assert pages == {"pooling.1", *(f"{'-'.join(('pooling', *path))}.1" for path, _ in commands())}
    merging = (tmp_path / "pooling-member-merge.1").read_text("utf-8")
    assert "for ever" in merging
    assert "dry\\-run" in merging
