"""Connections of a backup: the driver alone, JSON read, in UTC, for as long as it takes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def session_of(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        url, timeout=10, server_settings={"timezone": "UTC", "application_name": "pooling backup"}
    )
    try:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        yield connection
    finally:
        await connection.close()
