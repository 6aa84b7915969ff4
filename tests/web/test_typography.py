"""What a person reads follows French typography, whatever the zone of the server."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from pooling.web.typography import (
    date_long,
    date_short,
    date_time_long,
    deadline_words,
    euros,
    number,
    of_name,
    percent,
    plural,
    relative_day,
    time_short,
    typo,
    typo_html,
)

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
NB, NNB = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, f"0,00{NB}€"),
        (5, f"0,05{NB}€"),
        (123_456, f"1{NNB}234,56{NB}€"),
        (-123_456, f"−1{NNB}234,56{NB}€"),
        (123_456_789_012, f"1{NNB}234{NNB}567{NNB}890,12{NB}€"),
    ],
)
def test_an_amount_has_its_cents_and_its_spaces(cents: int, text: str) -> None:
    assert euros(cents) == text


@given(st.integers(-(10**15), 10**15))
def test_no_cent_is_lost_in_writing(cents: int) -> None:
    digits = euros(cents).translate({ord(c): None for c in f"{NB}{NNB}€,"}).replace("−", "-")
    assert int(digits) == cents


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567, f"1{NNB}234{NNB}567"), (Decimal("12.50"), "12,5"), (Fraction(1, 3), "0,33"), (-3, "−3")],
)
def test_numbers(value: int | Decimal | Fraction, text: str) -> None:
    assert number(value) == text


@given(st.integers(-(10**15), 10**15))
def test_a_whole_number_is_written_as_babel_does(value: int) -> None:
    assert number(value) == number(Decimal(value))
    assert euros(value) == format_currency(Decimal(value) / 100, "EUR", locale="fr_FR").replace("-", "−")


def test_a_ratio_is_a_percentage() -> None:
    assert percent(Fraction(1, 8)) == f"12,5{NNB}%"
    assert percent(Fraction(2, 3), 0) == f"67{NNB}%"
    assert percent(1) == f"100{NNB}%"


@pytest.mark.parametrize(
    ("day", "short", "long"),
    [
        (date(2027, 3, 30), "30/03/2027", "mardi 30 mars 2027"),
        (date(2027, 1, 1), "01/01/2027", "vendredi 1er janvier 2027"),
        (date(2028, 2, 29), "29/02/2028", "mardi 29 février 2028"),
    ],
)
def test_dates(day: date, short: str, long: str) -> None:
    assert date_short(day) == short
    assert date_long(day) == long


def test_a_moment_is_told_in_the_readers_zone() -> None:
    moment = datetime(2027, 3, 30, 22, 30, tzinfo=UTC)  # summer time began two days before
    assert date_time_long(moment, PARIS) == f"mercredi 31 mars à 0{NB}h{NB}30"
    assert date_time_long(moment, REUNION) == f"mercredi 31 mars à 2{NB}h{NB}30"
    assert date_time_long(moment, UTC, with_year=True) == f"mardi 30 mars 2027 à 22{NB}h{NB}30"
    assert time_short(datetime(2027, 1, 5, 17, 0, tzinfo=UTC), PARIS) == f"18{NB}h"
    assert time_short(datetime(2027, 1, 5, 7, 5, tzinfo=UTC), PARIS) == f"8{NB}h{NB}05"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        time_short(datetime(2027, 1, 5, 17, 0), PARIS)  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "aujourd’hui"), (1, "demain"), (3, f"dans 3{NB}jours"), (-1, "hier"), (-2, f"il y a 2{NB}jours")],
)
def test_days_from_today(days: int, text: str) -> None:
    assert relative_day(date.fromordinal(date(2027, 3, 30).toordinal() + days), date(2027, 3, 30)) == text


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (datetime(2027, 3, 1, 9, tzinfo=UTC), f"avant mardi 30 mars à 18{NB}h"),
        (datetime(2027, 3, 28, 22, 30, tzinfo=UTC), f"demain avant 18{NB}h"),  # already the 29th in Paris
        (datetime(2027, 3, 30, 5, tzinfo=UTC), f"aujourd’hui avant 18{NB}h"),
        (datetime(2026, 12, 20, 9, tzinfo=UTC), f"avant mardi 30 mars 2027 à 18{NB}h"),
        (datetime(2027, 4, 2, 9, tzinfo=UTC), f"avant mardi 30 mars à 18{NB}h"),
    ],
)
def test_a_deadline_in_words(now: datetime, text: str) -> None:
    assert deadline_words(datetime(2027, 3, 30, 16, tzinfo=UTC), now, PARIS) == text


def test_zero_and_one_are_singular() -> None:
    assert [plural(n, "membre") for n in (0, 1, 2)] == [f"0{NB}membre", f"1{NB}membre", f"2{NB}membres"]
    assert plural(1200, "travail", "travaux") == f"1{NNB}200{NB}travaux"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Prêt ?", f"Prêt{NNB}?"),
        ("Prêt?", f"Prêt{NNB}?"),
        ("Attention : lisez ceci ; puis signez !", f"Attention{NB}: lisez ceci{NNB}; puis signez{NNB}!"),
        ("« bonjour »", f"«{NB}bonjour{NB}»"),
        ("«bonjour»", f"«{NB}bonjour{NB}»"),
        ("l'achat d'Arès", "l’achat d’Arès"),
        (
            "de 5 000 € à 1 234 567,50 €, en 2026 300 vélos",
            f"de 5{NNB}000{NB}€ à 1{NNB}234{NNB}567,50{NB}€, en 2026 300 vélos",
        ),
        ("12 €, 5 %, 18 h 30", f"12{NB}€, 5{NB}%, 18{NB}h{NB}30"),
        ("etc...", "etc…"),
        ("https://exemple.fr/?a=b;c:d", "https://exemple.fr/?a=b;c:d"),
        ("à 12:30", "à 12:30"),
        ("<script>", "<script>"),
    ],
)
def test_spaces_in_what_people_type(typed: str, shown: str) -> None:
    assert typo(typed) == shown


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("<p>Prix : 12 ; <b>oui</b> !</p>", f"<p>Prix{NB}: 12{NNB}; <b>oui</b>{NNB}!</p>"),
        ("<p>« <b>oui</b> »</p>\n<p>Où\n  ?</p>", f"<p>«{NB}<b>oui</b>{NB}»</p>\n<p>Où{NNB}?</p>"),
        ('<a href="/?q=a : b ?" title="« a »">x</a>', '<a href="/?q=a : b ?" title="« a »">x</a>'),
        ("<textarea>a : b</textarea> : ", f"<textarea>a : b</textarea>{NB}: "),
        ("<pre><code>a : b</code> ; </pre></pre> !", f"<pre><code>a : b</code> ; </pre></pre>{NNB}!"),
        ("à 12:30, a &lt; b &amp; c", "à 12:30, a &lt; b &amp; c"),
    ],
)
def test_spaces_of_a_page(page: str, shown: str) -> None:
    """Of what is read alone: tags, fields and code stay as they are."""
    assert typo_html(page) == shown


@given(st.text(alphabet=f"ab1'« »:;!?€%h.{NB}{NNB}\n", max_size=30))
def test_mending_twice_changes_nothing_more(text: str) -> None:
    assert typo(typo(text)) == typo(text)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Andernos-les-Bains", "d’Andernos-les-Bains"),
        ("Évry", "d’Évry"),
        ("Hourtin", "d’Hourtin"),
        ("Hauteville", "de Hauteville"),
        ("Salles", "de Salles"),
        ("Le Teich", "du Teich"),
        ("Les Eyzies", "des Eyzies"),
        ("La Teste-de-Buch", "de La Teste-de-Buch"),
        ("Université de Bordeaux", "de l’Université de Bordeaux"),
        ("UFR de droit", "de l’UFR de droit"),
        ("Communauté de communes", "de la Communauté de communes"),
        ("Syndicat mixte", "du Syndicat mixte"),
        ("", "de "),
    ],
)
def test_of_before_a_name(name: str, said: str) -> None:
    assert of_name(name) == said
