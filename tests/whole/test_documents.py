"""What documents tell people to type works as it is written, and what describes the project elsewhere agrees."""

import importlib.util
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from api_client import Connect
from factories import ARCACHON, BUYER, LUGOS, NOW, Territory
from furnished import FACILITATOR
from pooling import PROJECT_ROOT
from pooling.accounts.people import ensure_people
from pooling.cli.main import pooling
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.models import Member, Role
from pooling.sites.keeping import add_site
from pooling.sites.schemas import SiteIn

API_PAGE = (PROJECT_ROOT / "docs" / "api.md").read_text("utf-8")
PROJECT: dict[str, Any] = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VARIABLES = {"$POOLING": "/api/v1", "$(uuidgen)": "7a1c6a3e-0d5b-4f6c-9a51-0a3f6f1d2b11"}


@dataclass
class Call:
    """One use of the page's alias `api`: what curl would send."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", API_PAGE, re.DOTALL)


def calls(block: str) -> Iterator[Call]:
    for variable, value in VARIABLES.items():
        block = block.replace(variable, value)
    for words in map(shlex.split, re.findall(r"^api (?:.|\n(?!\n|api ))*", block, re.MULTILINE)):
        call = Call(path="")
        rest = iter(word for word in words[1:] if word.strip())
        for word in rest:
            match word:
                case "--request":
                    call.method = next(rest)
                case "--json":
                    call.body = json.loads(next(rest))
                    call.method = "POST" if call.method == "GET" else call.method
                case "--header":
                    name, value = next(rest).split(": ")
                    call.headers[name] = value
                case "--remote-name" | "--remote-header-name":
                    pass
                case path:
                    assert not call.path, words
                    call.path = path
        yield call


async def test_the_examples_of_the_interface_for_programs_do_what_they_say(
    connect: Connect, database: Database, territory: Territory
) -> None:
    taste, *story = [list(calls(block)) for block in blocks("sh")]
    """The first block shows what reading looks like; what it reads is made by the others."""
    assert sum(map(len, story)) >= 10
    made = await make_what_has_no_example(database, territory)
    programs = [await connect(email) for email in (FACILITATOR, BUYER, "referent@lugos.example")]
    for call in [call for block in (*story, taste) for call in block]:
        path, body = with_ids(call, made)
        answers = [
            await program.client.request(call.method, path, json=body, headers=call.headers) for program in programs
        ]
        assert any(answer.is_success for answer in answers), (call, [answer.text for answer in answers])


async def make_what_has_no_example(database: Database, territory: Territory) -> dict[str, int]:
    """Which ids stand here for those that the page makes up."""
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        lugos = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
        school, hall = [await add_site(session, caller, lugos, SiteIn(name=name), NOW) for name in ("Crèche", "Mairie")]
        command = CommitteeIn(day=date(2027, 3, 30), hour=time(14), place="Mairie", roles=(Role.REFERENT,))
        territory.people |= await ensure_people(session, [(BUYER, "Achats Arcachon", "")], NOW)
        await grant_role(session, territory.people[BUYER], Role.PURCHASING, NOW, member_id=territory.members[ARCACHON])
        committee = await schedule_committee(session, caller, command, NOW)
    return {"7": school.id, "8": hall.id, "12": committee}


def with_ids(call: Call, made: dict[str, int]) -> tuple[str, Any]:
    path = re.sub(r"/committees/(\d+)/", lambda found: f"/committees/{made[found[1]]}/", call.path)
    body = re.sub(r'"site": (\d+)', lambda found: f'"site": {made[found[1]]}', json.dumps(call.body))
    return path, json.loads(body)


def commands() -> list[tuple[str, str]]:
    """Every `pooling …` that a document tells people to type."""
    found = []
    for page in (PROJECT_ROOT / "README.md", *sorted((PROJECT_ROOT / "docs").glob("*.md"))):
        written = page.read_text("utf-8")
        blocked = re.findall(r"^ *(?:\.venv/bin/)?(pooling [a-z].*)$", written, re.MULTILINE)
        inline = re.findall(r"`(?:\.venv/bin/)?(pooling [a-z][^`]*)`", written)
        found += [(page.name, re.split(r" #|&", " ".join(line.split()))[0].strip()) for line in (*blocked, *inline)]
    return found


@pytest.mark.parametrize(("page", "line"), commands())
def test_every_command_and_option_that_a_document_names_is_there(page: str, line: str) -> None:
    context = click.Context(pooling)
    command: click.Command = pooling
    words = line.split()[1:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words.pop(0))
        assert found is not None, line
        command, context = found, click.Context(found, parent=context)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    named = set(re.findall(r"--[a-z-]+", line)) - {"--help"}
    assert named <= known, line


def test_what_describes_the_project_to_others_agrees_with_it() -> None:
    public = yaml.safe_load((PROJECT_ROOT / "publiccode.yml").read_text("utf-8"))
    assert (public["name"], public["softwareVersion"]) == (PROJECT["name"], PROJECT["version"])
    assert public["legal"]["license"] == PROJECT["license"] == "EUPL-1.2"
    assert public["url"].startswith(PROJECT["urls"]["Source"])
    assert len(public["description"]["fr"]["shortDescription"]) <= 150
    assert all(150 <= len(public["description"][language]["longDescription"]) <= 10_000 for language in ("fr", "en"))
    licence = (PROJECT_ROOT / "LICENSE").read_text("utf-8")
    assert f"SPDX-License-Identifier: {PROJECT['license']}" in licence


def test_what_documents_tell_to_make_is_there() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    pages = (*PROJECT_ROOT.glob("*.md"), *PROJECT_ROOT.glob("docs/**/*.md"), *PROJECT_ROOT.glob(".github/**/*.md"))
    named = {
        word for page in pages for word in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert named - targets == set()
    assert len(named) > 8


def test_the_site_has_every_page_and_its_links_arrive(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("build_site", PROJECT_ROOT / "docs" / "build_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.build(tmp_path)
    pages = tmp_path / "pages"
    listed = set(re.findall(r'"([^"]+\.md)"', (tmp_path / "zensical.toml").read_text("utf-8")))
    assert listed == {str(path.relative_to(pages)) for path in pages.rglob("*.md")}
    for page in pages.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            assert "://" in link or (page.parent / link).exists(), (page.name, link)
