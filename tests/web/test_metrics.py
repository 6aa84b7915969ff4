"""What Prometheus reads: for who shows the token, in its own form, with the figures of the database as they are."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from factories import NOW, Territory
from pooling.exports.models import Export
from pooling.kernel.database import Database
from pooling.outbox.models import Message
from pooling.settings import Settings
from pooling.web.metrics import Metrics
from web_client import Browser, SignIn, stand_on

MINUTES = timedelta(minutes=2)
TOKEN = "a token for figures, thirty-two characters or more"


@pytest.fixture
def counted(app: Litestar, database: Database, settings: Settings) -> Metrics:
    metrics = Metrics(database)
    given = settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    stand_on(app, metrics=metrics, watchers=[metrics.count], settings=given)
    return metrics


def read(answer: httpx.Response) -> dict[str, float]:
    """Each figure by its name and labels."""
    return {
        " ".join([sample.name, *(str(value) for _, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_they_are_told_to_who_shows_the_token_alone(app: Litestar, visitor: Browser, counted: Metrics) -> None:
    for wrong in (b"Bearer ", f"Bearer {TOKEN[:-1]}".encode(), f"Bearer {TOKEN}é".encode(), TOKEN.encode()):
        assert (await visitor.get("/metrics", headers={b"Authorization": wrong})).status_code == 401
    assert (await visitor.get("/metrics")).status_code == 401
    told = await visitor.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (told.status_code, told.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    stand_on(app, metrics=None)
    assert (await visitor.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 404


async def test_what_was_answered_and_what_waits(
    sign_in: SignIn, visitor: Browser, database: Database, territory: Territory, counted: Metrics
) -> None:
    person = territory.people["referent@lugos.example"]
    async with database.transaction(territory.group_id) as session:
        session.add(Export(group_id=territory.group_id, kind="any", terms={}, asked_by=person, asked_at=NOW - MINUTES))
        session.add(
            Message(
                group_id=territory.group_id,
                kind="any",
                recipient="a@b.example",
                subject="",
                body_text="",
                body_html="",
                created_at=NOW,
                next_try_at=NOW - MINUTES / 2,
                attempts=2,
            )
        )
    referent = await sign_in("referent@lugos.example")
    for path in ("/g/bassin/achats", "/g/bassin/achats", "/g/bassin/achats/AG-2027-999"):
        await referent.get(path)
    answer = await visitor.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    figures = read(answer)
    assert figures["pooling_requests_total GET /g/{group}/achats 200"] == 2
    assert figures["pooling_requests_total GET /g/{group}/achats/{reference} 404"] == 1
    assert figures["pooling_request_seconds_count GET /g/{group}/achats"] == 2
    assert figures["pooling_request_seconds_bucket 10.0 GET /g/{group}/achats"] == 2
    assert (figures["pooling_exports_waiting"], figures["pooling_exports_oldest_seconds"]) == (1, 120)
    assert (figures["pooling_messages_waiting"], figures["pooling_messages_tried_again"]) == (1, 1)
    assert figures["pooling_messages_oldest_seconds"] == 60
    assert (figures["pooling_reminders_waiting"], figures["pooling_queue_up"]) == (0, 0)
    assert "pooling_database_connections used" in figures
    assert not any(word in answer.text for word in ("lugos", "AG-2027", "bassin"))


PROCESS = """
from pooling.kernel.database import Database
from pooling.web.metrics import Metrics
from pooling.web.watching import Seen
metrics = Metrics(Database.connect("postgresql://nowhere/none"))
metrics.count(Seen("1", "GET", "/", 200, 0.1, None, None))
"""
TELLS = """
from datetime import datetime
from collections import defaultdict
print(metrics.told(defaultdict(lambda: None, {f"{n}_waiting": 0 for n in ("reminders", "messages", "exports")},
    messages_tried=0, exports_failed=0), datetime.now(), queue=True).decode())
"""


def test_processes_behind_one_socket_count_together(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", PROCESS], env=environment, check=True)
    told = subprocess.run(
        [sys.executable, "-c", PROCESS + TELLS], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert 'pooling_requests_total{method="GET",route="/",status="200"} 3.0' in told
    assert "pooling_queue_up 1.0" in told
