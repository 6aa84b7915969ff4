"""A block of cells is read as it was meant, or refused with the reason: nothing is guessed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pooling.kernel.list_reading import UnreadableListError
from pooling.members.models import Budget
from pooling.needs.details import Detail
from pooling.needs.doors.lines import LineState, Said, carried, laid_over, plan_lines, read_block
from pooling.needs.queries import DeclarationShown
from pooling.purchases.queries import ItemShown

NBSP, NARROW = "\u00a0", "\u202f"


def item(number: int, code: str, name: str) -> ItemShown:
    return ItemShown(
        id=number, code=code, name=name, description="", unit="unité", unit_price=Decimal(1), vat_rate=Decimal(20),
        fctva=False, pack=1, minimum=0, tiers=(),
    )  # fmt: skip


RACK, SHELTER = item(1, "arceau", "Arceau posé"), item(2, "abri", "Abri de 10 places")
TWINS = [item(3, "vae-s", "Vélo"), item(4, "vae-m", "Vélo")]
BUDGETS = [Budget(id=7, group_id=1, member_id=1, code="900-D", label="Budget droit")]
DRAFT = DeclarationShown(
    id=1, state="draft", comment="Devant l’école", updated_at=datetime(2027, 3, 1, tzinfo=UTC), filed_at=None,
    author="référent", quantities={1: 4}, most={1: 6}, details={1: Detail(note="Place du marché")},
)  # fmt: skip


def said(block: str, declared: DeclarationShown | None = None) -> tuple[list[tuple[str, LineState, Said]], list[str]]:
    plan = plan_lines(read_block(block), declared, [RACK, SHELTER, *TWINS], BUDGETS)
    return [(line.item.code, line.state, line.after) for line in plan.lines], [str(line) for line in plan.bad]


@pytest.mark.parametrize(
    "block",
    [
        "Arceau posé\t12\t15\tDevant l’école",
        "arceau pose;12;15;Devant l’école",
        "ARCEAU;12,0;15,00;Devant  l’école",
        f"Arceau posé\t{NBSP}12{NARROW}\t15\tDevant l’école\r\n\r\n",
        "Article\tQuantité\tJusqu’à\tNote\nArceau posé\t12\t15\tDevant l’école",
        "quantité;note;article;maximum\n12;Devant l’école;arceau;15",
        'Arceau posé\t12\t15\t"Devant\nl’école"',
    ],
)
def test_the_same_line_in_many_hands(block: str) -> None:
    good, bad = said(block)
    assert bad == []
    assert good == [("arceau", LineState.NEW, Said(12, 15, Detail(note="Devant l’école")))]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("Banc\t3", "« Banc » n’est pas un article de cet achat"),
        ("???\t3", "« ??? » n’est pas un article de cet achat"),
        ("\t3", "l’article manque"),
        ("Vélo\t3", "« Vélo » peut être plusieurs articles : indiquez son code (« vae-s », « vae-m »)"),
        ("arceau\t1,200", "la quantité « 1,200 » peut se lire de deux façons"),
        ("arceau\t1.200", "la quantité « 1.200 » peut se lire de deux façons"),
        ("arceau\t12,5", "la quantité « 12,5 » n’est pas un nombre entier entre 0 et 1"),
        ("arceau\t-3", "la quantité « -3 » n’est pas un nombre entier"),
        ("arceau\tdouze", "la quantité « douze » n’est pas un nombre entier"),
        ("arceau\t1000001", "n’est pas un nombre entier entre 0 et 1"),
        ("arceau\t4 à 7", "la quantité « 4 à 7 » n’est pas un nombre entier"),
        ("arceau\t5\t3", "le maximum « 3 » n’est pas un nombre entier entre 5 et 1"),
        ("arceau\t\t3", "la quantité manque"),
        ("arceau\t5\t\t" + "x" * 301, "la note dépasse 300 caractères"),
        ("arceau\t5\t\t\tX", "« X » n’est pas un budget de ce membre"),
        ("arceau\t5\t\t\t\t" + "x" * 41, "le numéro d’engagement dépasse 40 caractères"),
    ],
)
def test_what_cannot_be_taken_says_why(cells: str, reason: str) -> None:
    good, bad = said(f"abri\t1\n{cells}")
    assert [code for code, _, _ in good] == ["abri"]
    (line,) = bad
    assert line.startswith("ligne 2 : ")
    assert reason.replace(" ", " ") in line


def test_two_lines_of_one_item_are_not_added_up() -> None:
    good, bad = said("arceau\t1\nabri\t2\nArceau posé\t3")
    assert [code for code, _, _ in good] == ["arceau", "abri"]
    assert bad == ["ligne 3 : même article qu’à la ligne 1"]


def test_two_alike_are_told_by_their_code() -> None:
    good, bad = said("Code;Article;Quantité\nvae-m;Vélo;3\nx;Vélo;1")
    assert [(code, one.quantity) for code, _, one in good] == [("vae-m", 3)]
    assert bad == ["ligne 3 : « x » n’est le code d’aucun article de cet achat"]


def test_what_is_empty_leaves_what_is_known_and_zero_takes_it_back() -> None:
    known = Detail(note="Place du marché")
    assert said("arceau\t4\t6", DRAFT)[0] == [("arceau", LineState.UNCHANGED, Said(4, 6, known))]
    assert said("arceau\t4", DRAFT)[0] == [("arceau", LineState.CHANGED, Said(4, 4, known))], "no tolerance is said"
    assert said("arceau\t\t\tAu parc\t900-d\tE-14", DRAFT)[0] == [
        ("arceau", LineState.CHANGED, Said(4, 6, Detail("Au parc", "900-D", "Budget droit", "E-14", 7)))
    ]
    assert said("arceau\t0", DRAFT)[0] == [("arceau", LineState.CHANGED, Said(0, 0, known))]
    assert said("abri\t", DRAFT) == ([], []), "it says nothing"


def test_what_is_not_named_stays() -> None:
    plan = plan_lines(read_block("abri\t2"), DRAFT, [RACK, SHELTER], BUDGETS)
    command = laid_over(plan, DRAFT, [RACK, SHELTER], 5, "seen")
    assert [(need.item_id, need.quantity, need.most) for need in command.needs] == [(1, 4, 6), (2, 2, 2)]
    assert [(detail.item_id, detail.note) for detail in command.details] == [(1, "Place du marché")]
    assert (command.member_id, command.comment, command.seen) == (5, "Devant l’école", "seen")


def test_what_a_form_carries_is_read_the_same() -> None:
    lines = read_block('article\tquantité\tnote\narceau\t1\t"dit ""le grand"""\n\nabri\t2\t')
    again = read_block(carried(lines))
    assert [(line.number, line["item"], line["note"]) for line in again] == [
        (2, "arceau", 'dit "le grand"'),
        (4, "abri", ""),
    ]


@pytest.mark.parametrize(
    "block",
    [
        "article\tquantité\tquantité\narceau\t1\t2",
        "Quantité\n3",
        'arceau\t1\t\t"ouverte',
        "arceau\t1\t\t" + "x" * 1_001,
    ],
)
def test_a_block_that_is_none(block: str) -> None:
    with pytest.raises(UnreadableListError):
        read_block(block)
