"""The list that comes with the package, and lists that are none: one French sentence each."""

import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ground.directory import excerpt_lines
from pooling.directory.models import AuthorityKind
from pooling.directory.reading import PACKAGED, read_authorities, year_of
from pooling.kernel.list_reading import UnreadableListError

HEADER = "siren,name,kind,insee,department,epci_siren,population_municipale,postcodes"
BODY = "243300563,CA Bassin d'Arcachon Sud (COBAS),CA,,33,,69892,"
ARCACHON = "213300098,Arcachon,commune,33009,33,243300563,11092,33120"


def test_the_list_of_the_package_is_whole() -> None:
    rows = {row.siren: row for row in read_authorities(PACKAGED)}
    kinds = Counter(row.kind for row in rows.values())
    assert (kinds["commune"], len(rows) - kinds["commune"]) == (34_875, 1_255)
    assert set(kinds) == set(AuthorityKind)
    assert year_of(PACKAGED) == 2026
    codes = {row.insee: row for row in rows.values() if row.insee}
    assert [codes[code].name for code in ("2A004", "2B033", "97101", "22016")] == [
        "Ajaccio",
        "Bastia",
        "Les Abymes",
        "Île-de-Bréhat",
    ]
    assert codes["22016"].body_siren is None  # one of four islands without an intercommunal body
    assert len(codes["75056"].postcodes.split()) == 21
    assert codes["55039"].population == 0
    assert rows["210100012"][:2] == ("210100012", "L’Abergement-Clémenciat")
    assert (rows["210100012"].letters, rows["200067155"].letters) == (
        "l abergement clemenciat",
        "cc saint affricain roquefort sept vallons",
    )


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "compressed"])
def test_a_list_is_read_as_it_is_or_compressed(tmp_path: Path, packed: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "liste-2027.csv"
    path.write_bytes(packed(f"{HEADER},more\r\n{BODY},x\r\n{ARCACHON},y\r\n".encode("utf-8-sig")))
    assert [row.name for row in read_authorities(path)] == ["CA Bassin d’Arcachon Sud (COBAS)", "Arcachon"]
    assert year_of(path) == 2027
    assert year_of(tmp_path / "liste.csv") is year_of(tmp_path / "2026-2027.csv") is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "il manque les colonnes siren, name, kind"),
        ("a;b;c\n1;2;3\n", "ce n’est pas une liste de collectivités"),
        (HEADER.replace(",insee", ""), "il manque la colonne insee dans la première ligne"),
        (f"{HEADER}\n{BODY}\n{ARCACHON.replace('213300098', '213300097')}", "ligne 3 : « 213300097 » n’est pas un nu"),
        (f"{HEADER}\n{BODY}\n{ARCACHON}\n{ARCACHON}", "ligne 4 : 213300098 est déjà à la ligne 3"),
        (f"{HEADER}\n{BODY}\n{ARCACHON.replace('Arcachon', '')}", "ligne 3 : le nom manque"),
        (f"{HEADER}\n{BODY}\n{ARCACHON.replace('commune', 'ville')}", "« ville » n’est pas une sorte de collectivité"),
        (f"{HEADER}\n{BODY}\n{ARCACHON.replace('33009', '3309')}", "« 3309 » n’est pas le code INSEE attendu"),
        (f"{HEADER}\n{BODY}\n{ARCACHON.replace(',33,', ',Gironde,')}", "« Gironde » n’est pas un département"),
        (f"{HEADER}\n{BODY}\n{ARCACHON.replace('243300563', 'COBAS')}", "« COBAS » n’est pas une intercommunalité"),
        (f"{HEADER}\n{BODY}\n{ARCACHON.replace('11092', '11 092')}", "« 11 092 » n’est pas une population"),
        (f"{HEADER}\n{BODY}\n{ARCACHON.replace('33120', '3312')}", "« 3312 » n’est pas une suite de codes postaux"),
        (f"{HEADER}\n{BODY}\n213300098,Arcachon", "ligne 3 : elle n’a pas autant de cases"),
        (f"{HEADER}\n{ARCACHON}", "l’intercommunalité 243300563 de Arcachon n’est pas dans le fichier"),
        (f'{HEADER}\n"{BODY}', "le fichier CSV est mal formé"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "liste.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(UnreadableListError, match=sentence.replace("(", "\\(")) as refused:
        read_authorities(path)
    assert "\n" not in str(refused.value)


def test_damaged_and_endless_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "liste.csv.gz"
    path.write_bytes(gzip.compress("\n".join(excerpt_lines()).encode())[:-300])
    with pytest.raises(UnreadableListError, match="abîmé ou incomplet"):
        read_authorities(path)
    monkeypatch.setattr("pooling.directory.reading.LARGEST", 1_000_000)
    path.write_bytes(gzip.compress(b"\x00" * 2_000_000))
    with pytest.raises(UnreadableListError, match="le fichier dépasse 1 Mo"):
        read_authorities(path)
