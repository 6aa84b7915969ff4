"""What a decision does to the keys of its purchase, in words that minutes and confirmations can show."""

from typing import Any

import pytest

from pooling.allocation.acts import NewTerms, named_in, words_of

NAMES = {"A": "Andernos", "B": "Biganos"}
MANY = {"weights": {f"{code:02}": str(code) for code in range(1, 13)}}
KEYS: list[tuple[Any, str]] = [
    ("equal", "à parts égales"),
    ({"percents": {"A": "37.5", "B": "62.5"}}, "selon des pourcentages fixes (Biganos 62,5 %, Andernos 37,5 %)"),
    (
        {"mix": [{"percent": "50", "key": "equal"}, {"percent": "50", "key": {"weights": {"A": "3", "Z": "1.5"}}}]},
        "50 % à parts égales, 50 % selon des poids propres (Andernos poids 3, Z poids 1,5)",
    ),
    (MANY, f"selon des poids propres ({', '.join(f'{n:02} poids {n}' for n in range(12, 2, -1))} et 2 autres)"),
]


@pytest.mark.parametrize(("key", "words"), KEYS)
def test_a_key_names_who_pays_most_of_it(key: Any, words: str) -> None:  # noqa: ANN401
    said = words_of(NewTerms(keys={"pose": key}), NAMES, {"pose": "Pose"})
    said = said.replace("\u00a0", " ").replace("\u202f", " ")
    assert said == f"Changer les conditions : « Pose » réparti {words}"


def test_only_those_who_are_named_are_read() -> None:
    assert named_in(NewTerms(lead_member="L", keys={"pose": MANY})) == {"L", *(f"{code:02}" for code in range(3, 13))}
