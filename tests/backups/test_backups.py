"""A backup restores, and tells where something in it is not what it was."""

import json
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from factories import NOW, make_territory
from furnished import furnish
from ground.database import name_of
from ground.shell import Shell
from pooling.backups.checking import NoBackup, faults_of_backup
from pooling.backups.taking import DUMP, MANIFEST, Manifest, take_backup
from pooling.embedded.postgres import EmbeddedPostgres, PostgresAddresses
from pooling.kernel.database import Database
from pooling.kernel.migrations import newest_revision


class Backups:
    """Takes them, and looks at them in a scratch database that goes again."""

    def __init__(self, source: PostgresAddresses, server: EmbeddedPostgres, folder: Path) -> None:
        self.source, self.server, self.folder = source, server, folder
        self.taken = 0
        (folder / "config").mkdir()
        (folder / "config" / "branding.toml").write_text('name = "Bassin"\n')

    async def take(self) -> Path:
        self.taken += 1
        return await take_backup(
            self.source.owner, self.folder / "kept", self.folder / "config", "1.0", NOW + timedelta(days=self.taken)
        )

    async def faults(self, backup: Path, earlier: Path | None = None) -> list[str]:
        name = f"{name_of(self.source)}_restored"
        admin = await asyncpg.connect(self.server.address("postgres", "postgres"))
        try:
            await self.server._prepare(name)
            return [fault async for fault in faults_of_backup(backup, self.server.addresses(name), earlier)]
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            await admin.close()

    async def change(self, statement: str) -> None:
        """As nobody may: the database's own superuser, past every privilege."""
        admin = await asyncpg.connect(self.source.superuser)
        await admin.execute("SET session_replication_role = replica")
        assert await admin.execute(statement) in {"UPDATE 1", "ALTER TABLE"}
        await admin.close()


@pytest.fixture
def backups(fresh_addresses: PostgresAddresses, postgres: EmbeddedPostgres, tmp_path: Path) -> Backups:
    return Backups(fresh_addresses, postgres, tmp_path)


SHARE = "(SELECT ctid FROM allocation_shares WHERE ht > 0 ORDER BY group_id, allocation_id, member LIMIT 1)"

FORGED = """
UPDATE events SET to_state = 'elsewhere' WHERE id = (
    SELECT min(e.id) FROM events e JOIN events later USING (group_id, subject_kind, subject_id)
    WHERE later.id > e.id AND split_part(later.name, '.', 1) = split_part(e.name, '.', 1)
        AND e.from_state IS NOT NULL AND e.to_state IS NOT NULL AND later.from_state IS NOT NULL
        AND later.to_state IS NOT NULL)
"""
"""Of a subject that moved on from there."""


async def test_what_was_backed_up_is_whole_and_what_was_changed_is_named(
    backups: Backups, fresh_database: Database
) -> None:
    for slug, mark in (("bassin", " ici"), ("voisin", " là")):
        await furnish(fresh_database, await make_territory(fresh_database, NOW, slug=slug), mark)
    first = await backups.take()
    manifest = Manifest.model_validate_json((first / MANIFEST).read_bytes())
    assert (manifest.revision, manifest.pooling, set(manifest.parts)) == (
        newest_revision(),
        "1.0",
        {DUMP, "config/branding.toml"},
    )
    assert {seal.named.split(" ")[0] for seal in manifest.frozen.values()} == {"allocation", "consolidation"}
    assert await backups.faults(first) == []

    # One letter of a frozen state: nothing of it is wrong by itself, but it is not what it was.
    await backups.change(f"UPDATE allocation_shares SET name = 'Z' || substr(name, 2) WHERE ctid = {SHARE}")
    second = await backups.take()
    assert await backups.faults(second, first) == [
        f"allocation n° 1 of AG-2027-001 in bassin is not what it was on {NOW + timedelta(days=1):%Y-%m-%d %H:%M} UTC"
    ]

    # One cent: nothing earlier is needed.
    await backups.change(f"UPDATE allocation_shares SET ht = ht + 1, net = net + 1 WHERE ctid = {SHARE}")
    await backups.change(FORGED)
    await backups.change("ALTER TABLE needs DISABLE ROW LEVEL SECURITY")
    third = await backups.take()
    faults = await backups.faults(third)
    assert any("allocation n° 1 of AG-2027-001 in bassin: the share of" in fault for fault in faults), faults
    assert any("do not add up to its total (ht)" in fault for fault in faults), faults
    assert any("the one before ended at elsewhere" in fault for fault in faults), faults
    assert "needs shows rows where no group was opened" in faults


async def test_a_backup_that_was_damaged_or_is_none_is_refused(backups: Backups) -> None:
    taken = await backups.take()
    content = bytearray((taken / DUMP).read_bytes())
    content[len(content) // 2] ^= 1
    (taken / DUMP).write_bytes(content)
    (taken / "config" / "branding.toml").unlink()
    assert await backups.faults(taken) == ["config/branding.toml is missing", "database.dump is not what was backed up"]
    with pytest.raises(NoBackup):
        await backups.faults(backups.folder)
    assert not list((backups.folder / "kept").glob("*.partial"))


def test_the_commands(own: Shell, tmp_path: Path) -> None:
    made = own("backup", tmp_path / "kept")
    assert made.exit_code == 0, made.output
    (folder,) = (tmp_path / "kept").iterdir()
    assert made.output.strip() == str(folder)
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["rows"]["authorities"] > 0
    looked = own("restore-check", folder)
    assert (looked.exit_code, looked.output) == (0, f"{folder} restores, and everything in it is whole.\n"), (
        looked.output
    )
    manifest["rows"]["authorities"] += 1
    (folder / MANIFEST).write_text(json.dumps(manifest))
    looked = own("restore-check", folder)
    assert looked.exit_code == 1
    assert "authorities has" in looked.output
    assert own("restore-check", tmp_path).exit_code == 2
