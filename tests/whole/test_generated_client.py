"""A client that others generate from the description lists, files, meets a conflict, creates once and settles."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from api_client import Connect
from factories import LUGOS, NOW, Territory, open_purchase
from pooling.kernel.database import Database
from pooling.web.api_description import describe_api

REFERENT = "referent@lugos.example"
NAME = "generated_for_pooling"


class Generated:
    """Its modules, by their places in the package."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getattr__(self, place: str) -> Any:  # noqa: ANN401 - what is generated has no types here
        return importlib.import_module(f"{NAME}.{place.replace('__', '.')}")


@pytest.fixture(scope="module")
def description(application: Litestar) -> dict[str, Any]:
    return describe_api(application)


@pytest.fixture(scope="module")
def generated(description: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(description), "utf-8")
    (folder / "settings.yaml").write_text("post_hooks: []\n", "utf-8")
    words = ["generate", "--path", "openapi.json", "--config", "settings.yaml", "--meta", "none", "--output-path", NAME]
    command = [sys.executable, "-m", "openapi_python_client", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    yield Generated(folder / NAME)
    sys.path.remove(str(folder))


def test_nothing_is_left_out(description: dict[str, Any], generated: Generated) -> None:
    """Neither an operation nor a model."""
    operations = {
        f"{operation['tags'][0]}/{operation['operationId']}.py"
        for methods in description["paths"].values()
        for operation in methods.values()
    }
    assert len(operations) > 100
    assert [place for place in sorted(operations) if not (generated.folder / "api" / place).is_file()] == []
    models = generated.models.__all__
    assert [name for name in description["components"]["schemas"] if name.replace("_", "") not in models] == []


async def test_it_lists_files_meets_a_conflict_creates_once_and_settles(
    generated: Generated, connect: Connect, app: Litestar, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(REFERENT)
    client = generated.client.AuthenticatedClient(base_url="http://127.0.0.1:8000", token=program.token)
    client.set_async_httpx_client(
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app)),
            base_url="http://127.0.0.1:8000",
            headers={"Authorization": f"Bearer {program.token}"},
        )
    )
    models = generated.models

    members = await generated.api__members__list_members.asyncio("bassin", client=client, limit=2)
    assert [len(members.items), type(members.items[0])] == [2, models.MemberOut]
    assert members.next_ is not None

    where, filed = ("bassin", "AG-2027-001", LUGOS), models.DeclarationPutState.FILED
    put = generated.api__needs__put_declaration
    three = models.DeclarationPut(state=filed, needs=[models.NeedPut(item="arceau", quantity=3)])
    first = await put.asyncio_detailed(*where, client=client, body=three)
    assert (first.status_code, [line.quantity for line in first.parsed.filed.needs]) == (200, [3])
    tag = first.headers["etag"]
    five = models.DeclarationPut(state=filed, needs=[models.NeedPut(item="arceau", quantity=5)])
    assert (await put.asyncio_detailed(*where, client=client, body=five, if_match=tag)).status_code == 200
    late = await put.asyncio_detailed(*where, client=client, body=three, if_match=tag)
    assert (late.status_code, type(late.parsed), late.parsed.status) == (412, models.Problem, 412)

    kept: dict[str, Any] = {"client": client, "idempotency_key": "one-and-the-same"}
    raised = models.NewDifficulty(content="Pas de garage", purchase="AG-2027-001")
    raising = generated.api__committees__raise_difficulty
    made = [await raising.asyncio_detailed("bassin", body=raised, **kept) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].parsed.id == made[1].parsed.id
    assert made[1].headers["idempotency-replayed"] == "true"

    settlement = models.DifficultySettlement(settlement="Garage trouvé")
    settling = generated.api__committees__settle_difficulty
    settled = await settling.asyncio("bassin", made[0].parsed.id, client=client, body=settlement)
    assert (settled.state, settled.settlement) == (models.DifficultyState.SETTLED, "Garage trouvé")
    await client.get_async_httpx_client().aclose()
