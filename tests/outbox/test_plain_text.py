"""What a mail says without HTML is set as its pages are: no line begins with « : » or « ? »."""

import re

from pooling.outbox.mail import Button, Fact, Mail, rendered


def test_no_plain_space_stands_before_a_sign_that_takes_none() -> None:
    mail = Mail(
        kind="x",
        recipient="a@b.example",
        subject="Qui vient ?",
        why="Vous êtes invité : qui vient ?",
        wording="À vous !",
        paragraphs=("Le maire a dit : « oui » ; merci !",),
        button=Button("Répondre ?", "https://achats.example/g/bassin?jour=1&a=b"),
        facts=(Fact("Points", "1. Vélos : combien ?\n2. Abris ; prix : 12 €"), Fact("Prix", "Arceau : 180,00 € HT !")),
        contact="Écrivez à o'connor@arcachon.example : il répond !",
        notice="Démonstration : rien n’est vrai !",
        unsubscribe_url="https://achats.example/stop?cle=x",
    )
    text = rendered(mail).text
    assert re.findall(r".{0,12} [:;!?»](?=\s|$)|« ", text) == []
    assert "https://achats.example/g/bassin?jour=1&a=b\n" in text
    assert "o'connor@arcachon.example" in text, "an address stays one"
    shown = re.sub(r"<[^>]*>", "", rendered(mail).html)
    assert re.findall(r" [:;!?»](?=\s|$)", shown) == []
