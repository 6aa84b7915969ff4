"""What an address can be asked is told where it is asked otherwise, and to whoever asks just that."""

import pytest

from api_client import API, Connect, problem
from web_client import Browser

MEMBERS = f"{API}/members"


@pytest.mark.parametrize(
    ("path", "refused", "methods"),
    [
        ("/accessibilite", "POST", "GET, HEAD, OPTIONS"),
        ("/connexion", "PUT", "GET, HEAD, POST, OPTIONS"),
        ("/deconnexion", "GET", "POST, OPTIONS"),
        ("/g/bassin/achats/AG-2027-001/couts", "DELETE", "GET, HEAD, OPTIONS"),
        (MEMBERS, "DELETE", "GET, HEAD, POST, OPTIONS"),
        (f"{MEMBERS}/213302607", "POST", "GET, HEAD, PUT, OPTIONS"),
    ],
)
async def test_a_refused_method_names_the_others(visitor: Browser, path: str, refused: str, methods: str) -> None:
    answer = await visitor.client.request(refused, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)
    asked = await visitor.client.options(path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, methods, b"")
    for method in methods.split(", "):
        assert (await visitor.client.request(method, path)).status_code != 405, method


async def test_of_what_does_not_exist_nothing_is_told(visitor: Browser) -> None:
    answer = await visitor.client.options("/nowhere")
    assert (answer.status_code, "allow" in answer.headers) == (404, False)


async def test_true_is_no_number(connect: Connect) -> None:
    """To Python it is 1."""
    program = await connect("animation@bassin.example")
    for wrong in (True, False):
        answer = await program.post(MEMBERS, {"code": "213303332", "name": "Le Barp", "population": wrong})
        assert problem(answer) == (422, "invalid")
        assert answer.json()["errors"] == {"population": "Envoyez un nombre entier."}
    made = await program.post(MEMBERS, {"code": "213303332", "name": "Le Barp", "population": 1})
    assert made.status_code == 201
