"""`pooling token`: made and printed once, listed by its first characters, revoked."""

import re

from factories import NOW, Territory
from ground.shell import InDatabase, Shell
from pooling.accounts.tokens import Holder, read_token
from pooling.kernel.database import Database

REFERENT = "referent@lugos.example"


def test_a_token_is_made_listed_and_revoked(own: Shell, in_database: InDatabase, territory: Territory) -> None:
    made = own(
        "token",
        "create",
        "--email",
        REFERENT.upper(),
        "--group",
        "bassin",
        "--scope",
        "read",
        "--expires",
        "2999-12-31",
    )
    assert made.exit_code == 0
    token = made.stdout.strip()
    assert re.fullmatch(r"pool_[\w-]{43}", token)

    async def holder(database: Database) -> Holder | None:
        return await read_token(database, token, NOW)

    found = in_database(holder)
    assert found is not None
    assert (found.email, found.scope, found.expires_at is not None) == (REFERENT, "read", True)
    listed = own("token", "list", "--group", "bassin")
    assert listed.exit_code == 0
    assert token not in listed.stdout
    assert token[:9] in listed.stdout
    assert own("token", "revoke", found.token_id).exit_code == 0
    assert in_database(holder) is None


def test_what_cannot_be_is_told_in_one_sentence(own: Shell, in_database: InDatabase, territory: Territory) -> None:
    for words, said in (
        (("create", "--email", "nobody@nowhere.example", "--group", "bassin", "--scope", "read"), "nobody is known"),
        (("create", "--email", REFERENT, "--group", "nowhere", "--scope", "read"), "there is no group"),
        (("create", "--email", REFERENT, "--group", "bassin", "--scope", "admin"), "Invalid value"),
        (("list", "--group", "nowhere"), "there is no group"),
        (("revoke", "12"), "there is no token number 12"),
    ):
        result = own("token", *words)
        assert result.exit_code == 2, words
        assert said in result.stderr
        assert "Traceback" not in result.stderr
    past = own(
        "token", "create", "--email", REFERENT, "--group", "bassin", "--scope", "read", "--expires", "2001-01-01"
    )
    assert past.exit_code == 1
