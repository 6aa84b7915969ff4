"""Brings up what the settings do not name: they end with addresses for database and queue, wherever they come from."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pooling.embedded.postgres import EmbeddedPostgres
from pooling.embedded.valkey import EmbeddedValkey


@dataclass(frozen=True)
class Engines:
    database_url: str
    owner_database_url: str
    redis_url: str


@contextmanager
def running_engines(
    data_dir: Path, *, database_url: str | None, owner_database_url: str | None, redis_url: str | None
) -> Iterator[Engines]:
    """The engines' addresses, as long as the block lasts; embedded ones are stopped at its end."""
    postgres: EmbeddedPostgres | None = None
    valkey: EmbeddedValkey | None = None
    try:
        if database_url is None or owner_database_url is None:
            postgres = EmbeddedPostgres(data_dir)
            addresses = postgres.prepare()
            database_url, owner_database_url = addresses.application, addresses.owner
        if redis_url is None:
            valkey = EmbeddedValkey(data_dir)
            redis_url = valkey.url
        yield Engines(database_url, owner_database_url, redis_url)
    finally:
        if valkey is not None:
            valkey.stop()
        if postgres is not None:
            postgres.stop()


def kept_secret(data_dir: Path) -> str:
    """A random key made once and kept in the data folder, readable by its owner only."""
    path = data_dir / "secret-key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), "ascii")
    return path.read_text("ascii").strip()
