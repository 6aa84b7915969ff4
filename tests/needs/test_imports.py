"""A needs file of a whole territory: with three bad lines it names the three and writes nothing."""

from pathlib import Path

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from factories import ARCACHON, LUGOS, NOW, SALLES, Territory, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.list_reading import Line
from pooling.needs.importing import import_needs, read_needs
from pooling.purchases.finding import find_purchase

LINES = 35_000
UNITS = LINES // 2
HEADER = "membre;article;quantité;maximum\n"


async def reference_of(session: AsyncSession) -> str:
    return str((await session.execute(text("SELECT reference FROM purchases"))).scalar_one())


async def standing(session: AsyncSession) -> list[tuple[str, str, int, int]]:
    """Filed lines that ask for something: member, item, quantity, most."""
    rows = await session.execute(
        text(
            "SELECT m.code, i.code, n.quantity, n.up_to FROM needs n JOIN declarations d ON d.id = n.declaration_id "
            "JOIN members m ON m.id = d.member_id JOIN items i ON i.id = n.item_id "
            "WHERE d.state = 'filed' AND n.quantity > 0 ORDER BY 1, 2"
        )
    )
    return [tuple(row) for row in rows]


async def many_members(session: AsyncSession, territory: Territory) -> None:
    """Units of the university, so many that the file has a line for each and each item; all take part. What earlier
    tests had planned on this connection read tables of a few rows from end to end: it would for each row of these.
    """
    await session.execute(text("DISCARD PLANS"))
    await session.execute(
        text(
            "INSERT INTO members (group_id, kind, code, name, sort_key, parent_id, category, created_at) "
            "SELECT :group, 'internal_unit', 'U' || n, 'Unité ' || n, 'unite ' || n, :parent, '', :now "
            "FROM generate_series(1, :units) n"
        ),
        {"group": territory.group_id, "parent": territory.members["130018351"], "now": NOW, "units": UNITS},
    )
    await session.execute(
        text(
            "INSERT INTO participations (group_id, purchase_id, member_id) "
            "SELECT group_id, :purchase, id FROM members WHERE code ~ '^U[0-9]'"
        ),
        {"purchase": (await find_purchase(session, await reference_of(session))).id},
    )


async def test_three_bad_lines_of_35_000_are_named_and_nothing_is_written(
    database: Database, territory: Territory, tmp_path: Path
) -> None:
    await open_purchase(database, territory, NOW)
    lines = [f"U{n};{item};{n % 50};" for n in range(1, UNITS + 1) for item in ("arceau", "abri")]
    lines[99], lines[17_000], lines[34_999] = "U50;velo;1;", "U8501;arceau;-1;", "U1;arceau;1;"
    path = tmp_path / "besoins.csv"
    path.write_text(HEADER + "\n".join(lines) + "\n", "utf-8")
    read = read_needs(path)
    assert len(read) == LINES
    told: list[int] = []
    async with database.transaction(territory.group_id) as session:
        await many_members(session, territory)
        reference = await reference_of(session)
        written, bad = await import_needs(session, reference, read, FixedClock(NOW), progress=told.append)
        assert written == 0
        assert [str(line) for line in bad] == [
            "ligne 101 : « velo » n’est pas un article de cet achat",
            "ligne 17002 : la quantité « -1 » n’est pas un nombre entier entre 0 et 1 000 000",
            "ligne 35001 : même membre et même article qu’à la ligne 2",
        ]
        assert (await standing(session), told) == ([], [])
        count = await session.execute(text("SELECT count(*) FROM declarations"))
        assert count.scalar_one() == 0


async def test_every_reason_for_which_a_line_is_refused(database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    refused = {
        ("", "arceau", "1", ""): "le membre manque",
        ("999999999", "arceau", "1", ""): "« 999999999 » ne participe pas à cet achat",
        ("130018351", "arceau", "1", ""): "« 130018351 » ne participe pas à cet achat",
        (LUGOS, "", "1", ""): "l’article manque",
        (LUGOS, "velo", "1", ""): "« velo » n’est pas un article de cet achat",
        (
            LUGOS,
            "arceau",
            "",
            "",
        ): "la quantité manque",
        **{
            (LUGOS, "arceau", typed, ""): f"la quantité « {typed} » n’est pas un nombre entier entre 0 et 1 000 000"
            for typed in ("-1", "1,5", "1.5", "1e3", "=1+1", "deux", "1000001", "99999999999", "٣")
        },
        (LUGOS, "arceau", "3", "2"): "le maximum « 2 » n’est pas un nombre entier entre 3 et 1 000 000",
        (LUGOS, "arceau", "3", "x"): "le maximum « x » n’est pas un nombre entier entre 3 et 1 000 000",
    }
    names = ("member", "item", "quantity", "up_to")
    lines = [Line.of(number, dict(zip(names, cells, strict=True))) for number, cells in enumerate(refused, start=2)]
    async with database.transaction(territory.group_id) as session:
        written, bad = await import_needs(session, await reference_of(session), lines, FixedClock(NOW))
        assert (written, [line.reason for line in bad]) == (0, list(refused.values()))


def lines_of(*rows: tuple[str, str, str, str]) -> list[Line]:
    names = ("member", "item", "quantity", "up_to")
    return [Line.of(number, dict(zip(names, row, strict=True))) for number, row in enumerate(rows, start=2)]


async def test_a_file_replaces_the_declarations_of_those_it_names(database: Database, territory: Territory) -> None:
    """Blanks in numbers are read; an item left out is no longer needed; a member left out keeps what it filed."""
    await open_purchase(database, territory, NOW)
    first = lines_of((ARCACHON, "arceau", "5", "7"), (ARCACHON, "abri", "1", ""), (LUGOS, "arceau", "2", ""))
    second = lines_of(("213 300\u00a0098", "ARCEAU", "1 000", ""))
    async with database.transaction(territory.group_id) as session:
        reference = await reference_of(session)
        assert await import_needs(session, reference, first, FixedClock(NOW)) == (3, [])
        assert await import_needs(session, reference, second, FixedClock(NOW)) == (1, [])
        assert await standing(session) == [(ARCACHON, "arceau", 1000, 1000), (LUGOS, "arceau", 2, 2)]


async def test_an_item_left_out_keeps_no_tolerance(database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    first = lines_of((ARCACHON, "arceau", "0", "7"), (ARCACHON, "abri", "1", ""))
    async with database.transaction(territory.group_id) as session:
        reference = await reference_of(session)
        await import_needs(session, reference, first, FixedClock(NOW))
        await import_needs(session, reference, lines_of((ARCACHON, "abri", "2", "")), FixedClock(NOW))
        most = await session.execute(text("SELECT up_to FROM needs ORDER BY up_to"))
        assert list(most.scalars()) == [0, 2]


async def test_it_takes_as_many_statements_for_one_line_as_for_many(database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    connection = database._engine
    assert isinstance(connection, AsyncConnection)
    seen: list[str] = []
    event.listen(connection.sync_connection, "before_cursor_execute", lambda _c, _k, said, *_: seen.append(said))
    counts = []
    async with database.transaction(territory.group_id) as session:
        await many_members(session, territory)
        reference = await reference_of(session)
        for members in (1, 1_000):
            lines = lines_of(*((f"U{n}", item, "4", "") for n in range(1, members + 1) for item in ("arceau", "abri")))
            begun = len(seen)
            await import_needs(session, reference, lines, FixedClock(NOW))
            await session.flush()
            counts.append(len(seen) - begun)
    assert counts[0] == counts[1] <= 15


async def test_what_a_skipped_line_may_be_about_is_left_as_it_stands(database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    first = lines_of(*((member, item, "4", "") for member in (ARCACHON, SALLES) for item in ("arceau", "abri")))
    second = lines_of((ARCACHON, "arceau", "9", ""), (ARCACHON, "abri", "x", ""), (SALLES, "arceau", "9", ""))
    async with database.transaction(territory.group_id) as session:
        reference = await reference_of(session)
        await import_needs(session, reference, first, FixedClock(NOW))
        written, bad = await import_needs(session, reference, second, FixedClock(NOW), skip_bad=True)
        assert (written, [line.number for line in bad]) == (2, [3])
        assert await standing(session) == [
            (ARCACHON, "abri", 4, 4),
            (ARCACHON, "arceau", 9, 9),
            (SALLES, "arceau", 9, 9),
        ]


async def test_what_stands_as_it_is_filed_is_not_written_again(database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    rows = [(member, item, "4", "6") for member in (ARCACHON, SALLES) for item in ("arceau", "abri")]

    async def places(session: AsyncSession) -> set[str]:
        return set((await session.execute(text("SELECT CAST(ctid AS text) FROM needs"))).scalars())

    async with database.transaction(territory.group_id) as session:
        reference = await reference_of(session)
        await import_needs(session, reference, lines_of(*rows), FixedClock(NOW))
        first = await places(session)
        assert await import_needs(session, reference, lines_of(*rows), FixedClock(NOW)) == (4, [])
        assert await places(session) == first
        await import_needs(session, reference, lines_of((ARCACHON, "arceau", "4", "9"), *rows[1:]), FixedClock(NOW))
        assert len(await places(session) & first) == 3
        assert (ARCACHON, "arceau", 4, 9) in await standing(session)
