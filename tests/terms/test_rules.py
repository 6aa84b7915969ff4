"""What an action would cost each member: shared by the allocation rule, to the cent."""

from hypothesis import given
from hypothesis import strategies as st

from pooling.purchases.models import PurchaseKind
from pooling.terms.models import ChargesKey, Position, Spread
from pooling.terms.rules import Simulation, Standing, Turnout, quantities_of, turnout_of
from pooling.terms.rules import simulate as simulate_terms
from pooling.terms.schemas import AidIn, EstimateIn, TermsIn, TermsItemIn

BIKE = TermsItemIn(code="velo", name="Vélo", unit_price_cents=100_00)
HELMET = TermsItemIn(code="casque", name="Casque", unit_price_cents=20_00)
TERMS = TermsIn(items=(BIKE, HELMET))
BIKES = EstimateIn(label="Vélos", quantities={"velo": 10}, charges_cents=90_00)
LUGOS, SALLES = Standing("1", "Lugos", 1_000, 10), Standing("2", "Salles", 4_000, 30)
ARCACHON = Standing("3", "Arcachon", 5_000, 60)


def simulate(estimate: EstimateIn, standings: list[Standing], terms: TermsIn = TERMS) -> Simulation:
    return simulate_terms(terms, estimate, standings)


def test_units_follow_the_population_and_charges_their_key() -> None:
    found = simulate(BIKES, [LUGOS, SALLES, ARCACHON])
    assert [(share.units["velo"], share.ttc) for share in found.shares.values()] == [
        (1, 156_00),
        (4, 516_00),
        (5, 636_00),
    ]
    assert found.totals is not None
    assert (found.units["velo"], found.totals.ttc) == (10, 1_308_00)


def test_who_is_out_pays_nothing_and_who_counts_for_itself_gets_that() -> None:
    out = Standing("3", "Arcachon", 5_000, 60, Position.OUT)
    counted = Standing("1", "Lugos", 1_000, 10, Position.IN, {"velo": 4})
    assert {key: one.units["velo"] for key, one in simulate(BIKES, [counted, SALLES, out]).shares.items()} == {
        "1": 4,
        "2": 6,
    }
    more = Standing("1", "Lugos", 1_000, 10, Position.IN, {"velo": 40})
    assert quantities_of(BIKES, "velo", [more, SALLES]) == {"1": 40, "2": 0}


def test_aid_is_deducted_of_everything_before_vat() -> None:
    aided = BIKES.model_copy(update={"aids": (AidIn(label="Moitié", rate_hundredths=5000),)})
    found = simulate(aided, [LUGOS, SALLES, ARCACHON])
    assert found.totals is not None
    assert (found.totals.subsidies, found.totals.net) == (545_00, 763_00)


def test_ceilings_sums_and_aids_of_one_item() -> None:
    estimate = BIKES.model_copy(update={"quantities": {"velo": 10, "casque": 10}})
    for aid, deducted in (
        (AidIn(label="x", rate_hundredths=5000, cap_total_cents=100_00), 100_00),
        (AidIn(label="x", rate_hundredths=5000, item="velo"), 500_00),
        (AidIn(label="x", rate_hundredths=5000, item="casque", cap_per_unit_cents=4_00), 40_00),
        (AidIn(label="x", amount_cents=77_77), 77_77),
        (AidIn(label="x", amount_cents=9_999_99, item="casque"), 200_00),
    ):
        found = simulate(estimate.model_copy(update={"aids": (aid,)}), [LUGOS, SALLES, ARCACHON])
        assert found.totals is not None
        assert found.totals.subsidies == deducted, aid


def test_all_of_a_service_is_shared_by_its_key() -> None:
    service = TERMS.model_copy(update={"kind": PurchaseKind.SERVICE})
    aid = AidIn(label="x", rate_hundredths=1000, item="velo")
    once = EstimateIn(label="Un an", quantities={"velo": 1}, charges_key=ChargesKey.AGENTS, aids=(aid,))
    found = simulate(once, [LUGOS, SALLES, ARCACHON], service)
    assert [(dict(share.units), share.ttc, share.net) for share in found.shares.values()] == [
        ({}, 12_00, 11_00),
        ({}, 36_00, 33_00),
        ({}, 72_00, 66_00),
    ]


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
    lambda found: [
        Standing(str(key), str(key), *one[:2], quantities={} if one[2] is None else {"velo": one[2]})
        for key, one in enumerate(found)
    ]
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
            "quantities": {"velo": quantity},
            "spread": spread,
            "charges_key": key,
            "charges_cents": charges,
            "aids": (AidIn(label="x", rate_hundredths=subsidy),),
        }
    )
    found = simulate(estimate, standings)
    if found.totals is None:
        assert found.why_not
        return
    counted = [units for one in standings for units in one.quantities.values()]
    least = sum(counted)
    assert found.units.get("velo", 0) == (least if len(counted) == len(standings) else max(quantity, least))
    assert sum(one.net for one in found.shares.values()) == found.totals.net
    assert sum(one.ttc for one in found.shares.values()) == found.totals.ttc
