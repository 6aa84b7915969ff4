"""What an action would cost each member: shared by the allocation rule, to the cent."""

from hypothesis import given
from hypothesis import strategies as st

from pooling.terms.models import ChargesKey, Position, Spread
from pooling.terms.rules import Standing, Turnout, quantities_of, simulate, turnout_of
from pooling.terms.schemas import EstimateIn

BIKES = EstimateIn(label="Vélos", item="Vélo", quantity=10, unit_price_cents=100_00, charges_cents=90_00)
LUGOS, SALLES = Standing("1", "Lugos", 1_000, 10), Standing("2", "Salles", 4_000, 30)
ARCACHON = Standing("3", "Arcachon", 5_000, 60)


def test_units_follow_the_population_and_charges_their_key() -> None:
    found = simulate(BIKES, [LUGOS, SALLES, ARCACHON])
    assert [(share.quantity, share.ttc) for share in found.shares.values()] == [
        (1, 156_00),
        (4, 516_00),
        (5, 636_00),
    ]
    assert found.totals is not None
    assert (found.quantity, found.totals.ttc) == (10, 1_308_00)


def test_who_is_out_pays_nothing_and_who_counts_for_itself_gets_that() -> None:
    out = Standing("3", "Arcachon", 5_000, 60, Position.OUT)
    counted = Standing("1", "Lugos", 1_000, 10, Position.IN, 4)
    assert {key: one.quantity for key, one in simulate(BIKES, [counted, SALLES, out]).shares.items()} == {
        "1": 4,
        "2": 6,
    }
    more = Standing("1", "Lugos", 1_000, 10, Position.IN, 40)
    assert quantities_of(BIKES, [more, SALLES]) == {"1": 40, "2": 0}


def test_aid_is_deducted_of_everything_before_vat() -> None:
    aided = BIKES.model_copy(update={"subsidy_hundredths": 5000})
    found = simulate(aided, [LUGOS, SALLES, ARCACHON])
    assert found.totals is not None
    assert (found.totals.subsidies, found.totals.net) == (545_00, 763_00)


def test_a_size_that_nobody_gave_is_named() -> None:
    unknown = Standing("4", "Mios")
    assert simulate(BIKES, [LUGOS, unknown]).why_not == "Le calcul demande la population de : Mios."
    equal = BIKES.model_copy(update={"spread": Spread.EQUAL})
    assert simulate(equal, [LUGOS, unknown]).why_not == ""
    by_agents = equal.model_copy(update={"charges_key": ChargesKey.AGENTS})
    assert simulate(by_agents, [LUGOS, unknown]).why_not == "Le calcul demande l’effectif de : Mios."
    assert simulate(BIKES, []).why_not.startswith("Personne ne porterait")


def test_turnout() -> None:
    assert turnout_of([("in", 3), (None, 2), ("out", 1)]) == Turnout(joined=3, out=1, silent=2)


SIZES = st.integers(0, 10_000)
STANDINGS = st.lists(st.tuples(SIZES, SIZES, st.none() | st.integers(0, 50)), min_size=1, max_size=8).map(
    lambda found: [Standing(str(key), str(key), *one[:2], quantity=one[2]) for key, one in enumerate(found)]
)


@given(
    STANDINGS,
    st.integers(0, 300),
    st.sampled_from(Spread),
    st.sampled_from(ChargesKey),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
)
def test_nothing_is_lost(
    standings: list[Standing], quantity: int, spread: Spread, key: ChargesKey, charges: int, subsidy: int
) -> None:
    estimate = BIKES.model_copy(
        update={
            "quantity": quantity,
            "spread": spread,
            "charges_key": key,
            "charges_cents": charges,
            "subsidy_hundredths": subsidy,
        }
    )
    found = simulate(estimate, standings)
    if found.totals is None:
        assert found.why_not
        return
    counted = [one.quantity for one in standings if one.quantity is not None]
    least = sum(counted)
    assert found.quantity == (least if len(counted) == len(standings) else max(quantity, least))
    assert sum(one.net for one in found.shares.values()) == found.totals.net
    assert sum(one.ttc for one in found.shares.values()) == found.totals.ttc
