"""One definition of an e-mail address, for whoever types one and for whoever sends to it."""

import pytest
from email_validator import EmailNotValidError

from pooling.mail_addresses import EXAMPLE, is_address, kept_address, read_address, sendable, why_wrong


@pytest.mark.parametrize(
    ("typed", "kept", "sent"),
    [
        ("Prenom.Nom@Mairie.FR", "prenom.nom@mairie.fr", "prenom.nom@mairie.fr"),
        (" o'brien+achats@mairie.example ", "o'brien+achats@mairie.example", "o'brien+achats@mairie.example"),
        ("contact@Mairie-Arès.example", "contact@mairie-arès.example", "contact@xn--mairie-ars-76a.example"),
        ("contact@xn--mairie-ars-76a.example", "contact@mairie-arès.example", "contact@xn--mairie-ars-76a.example"),
        ("x@sous.domaine.mairie.example", "x@sous.domaine.mairie.example", "x@sous.domaine.mairie.example"),
    ],
)
def test_an_address_has_one_form_kept_and_one_sent(typed: str, kept: str, sent: str) -> None:
    """Both ways to write an internationalised domain are one person."""
    assert read_address(typed) == kept
    assert kept_address(typed) == kept
    assert sendable(kept) == sent


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("référent@mairie.example", "ni accent"),
        ("a..b@mairie.example", "deux points de suite"),
        ("a@mairie..example", "deux points de suite"),
        (".a@mairie.example", "ne commence ni ne finit"),
        ("a.@mairie.example", "ne commence ni ne finit"),
        ("a@mairie", "la fin de l’adresse"),
        (f"{'a' * 250}@mairie.example", "trop longue"),
        (f"{'a' * 65}@mairie.example", EXAMPLE),
        ("", EXAMPLE),
        ("mairie.example", EXAMPLE),
        ("a@", EXAMPLE),
        ("@mairie.example", EXAMPLE),
        ("a b@mairie.example", EXAMPLE),
        ("a@b@mairie.example", EXAMPLE),
        ("a@mairie_ares.example", EXAMPLE),
        ("a@-mairie.example", EXAMPLE),
        ("a@xn--zzzzz9.example", EXAMPLE),
        ("a@mairie.local", EXAMPLE),
        ("a@mairie.f", EXAMPLE),
        ("a@[192.0.2.1]", EXAMPLE),
        ('"a b"@mairie.example', EXAMPLE),
        ("a@mairie.example\r\nBcc: x@y.example", EXAMPLE),
        ("Anne <a@mairie.example>", EXAMPLE),
        ("a\u200b@mairie.example", "ni accent"),
    ],
)
def test_what_no_mail_could_reach_is_told_why(typed: str, said: str) -> None:
    assert not is_address(typed)
    assert said in (why_wrong(typed) or "")


@pytest.mark.parametrize("wrong", ["référent@mairie.example", "a..b@mairie.example", "a@b\nc", "", "a", "a@b,c"])
def test_nothing_else_gets_into_a_header(wrong: str) -> None:
    with pytest.raises(EmailNotValidError):
        sendable(wrong)


def test_a_service_of_this_machine_sends_from_it() -> None:
    assert sendable("pooling@localhost") == "pooling@localhost"
    assert not is_address("pooling@localhost")
