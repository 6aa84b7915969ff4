"""What ballots come to: turnout, ranks, ties and weights, as exact fractions."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.rounds.models import CRITERIA, Mark, Method
from pooling.rounds.rules import Marks, Ranked, Tally, Turnout, ballot_faults, ranked

P, IM, CO, EA, UR = Mark.POINTS, Mark.IMPACT, Mark.COST, Mark.EASE, Mark.URGENCY
EQUAL = dict.fromkeys(CRITERIA, 1)
Ballots = Sequence[tuple[int, Marks]]
"""Each with what it weighs."""


def tallied(ballots: Ballots, actions: Sequence[int]) -> list[Tally]:
    """As the database adds them up."""
    found = []
    for action in actions:
        given_ = [(weight, marks[action]) for weight, marks in ballots if marks.get(action)]
        marks = {mark for _, of in given_ for mark in of}
        sums = {mark: sum(weight * of.get(mark, 0) for weight, of in given_) for mark in marks}
        found.append(Tally(action, sums, len(given_), sum(weight for weight, _ in given_)))
    return found


def ranks(lines: Sequence[Ranked]) -> list[tuple[int, int | None]]:
    return [(one.action, one.rank) for one in lines]


@pytest.mark.parametrize(
    ("ballots", "expected", "tied"),
    [
        # one member, one vote
        ([(1, {1: {P: 7}, 2: {P: 3}})], [(1, 1), (2, 2), (3, None)], set()),
        # of equal points, whoever more members chose goes first
        ([(1, {1: {P: 6}, 2: {P: 3}}), (1, {2: {P: 3}, 3: {P: 1}})], [(2, 1), (1, 2), (3, 3)], set()),
        # still equal: one rank, and the next one counts both
        ([(1, {2: {P: 4}, 3: {P: 4}, 1: {P: 2}})], [(2, 1), (3, 1), (1, 3)], {2, 3}),
        # what a member weighs multiplies what it gives
        ([(100, {3: {P: 1}}), (1, {1: {P: 10}}), (9, {2: {P: 10}})], [(3, 1), (2, 2), (1, 3)], set()),
        # who weighs nothing chooses nothing
        ([(0, {3: {P: 10}}), (5, {1: {P: 1}})], [(1, 1), (2, None), (3, None)], set()),
        ([], [(1, None), (2, None), (3, None)], set()),
    ],
)
def test_points_rank(ballots: Ballots, expected: Sequence[tuple[int, int | None]], tied: set[int]) -> None:
    lines = ranked(tallied(ballots, (1, 2, 3)), Method.POINTS, {})
    assert ranks(lines) == expected
    assert {one.action for one in lines if one.tied} == tied
    shares = [one.share for one in lines if one.share is not None]
    assert sum(shares) == (1 if shares else 0)


def _marks(impact: int, cost: int, ease: int, urgency: int) -> dict[Mark, int]:
    return {IM: impact, CO: cost, EA: ease, UR: urgency}


@pytest.mark.parametrize(
    ("importance", "ballots", "expected", "scores"),
    [
        (EQUAL, [(1, {1: _marks(5, 1, 1, 1), 2: _marks(2, 2, 2, 3)})], [(2, 1), (1, 2)], {1: 2, 2: Fraction(9, 4)}),
        # the same, where impact counts for all the rest together
        ({**EQUAL, IM: 3}, [(1, {1: _marks(5, 1, 1, 1), 2: _marks(2, 2, 2, 3)})], [(1, 1), (2, 2)], {1: 3}),
        # of equal marks, the greater impact goes first
        (EQUAL, [(1, {1: _marks(2, 2, 2, 2), 2: _marks(4, 1, 1, 2)})], [(2, 1), (1, 2)], {1: 2, 2: 2}),
        # an opinion that nobody gave is no zero: means are of those who marked
        (EQUAL, [(3, {1: _marks(4, 4, 4, 4)}), (1, {2: _marks(5, 5, 5, 5)})], [(2, 1), (1, 2)], {1: 4, 2: 5}),
        # means are weighed
        (EQUAL, [(3, {1: _marks(1, 1, 1, 1)}), (1, {1: _marks(5, 5, 5, 5)})], [(1, 1), (2, None)], {1: 2}),
        ({IM: 0, CO: 1, EA: 0, UR: 0}, [(1, {1: {CO: 3}, 2: {CO: 3}})], [(1, 1), (2, 1)], {1: 3, 2: 3}),
    ],
)
def test_criteria_rank(
    importance: Mapping[Mark, int],
    ballots: Ballots,
    expected: Sequence[tuple[int, int | None]],
    scores: Mapping[int, Fraction],
) -> None:
    lines = ranked(tallied(ballots, (1, 2)), Method.CRITERIA, importance)
    assert ranks(lines) == expected
    assert {one.action: one.score for one in lines if one.action in scores} == scores


_ACTIONS = (1, 2, 3, 4)
_points = st.dictionaries(st.sampled_from(_ACTIONS), st.integers(1, 3).map(lambda value: {P: value}))
_criteria = st.dictionaries(
    st.sampled_from(_ACTIONS), st.fixed_dictionaries({mark: st.integers(1, 5) for mark in CRITERIA})
)
_methods = st.one_of(
    st.tuples(st.just(Method.POINTS), st.lists(st.tuples(st.integers(0, 3), _points), max_size=6)),
    st.tuples(st.just(Method.CRITERIA), st.lists(st.tuples(st.integers(0, 3), _criteria), max_size=6)),
)


@given(found=_methods, times=st.integers(1, 1000), order=st.permutations(_ACTIONS))
def test_ranks_depend_on_the_ballots_alone(found: tuple[Method, Ballots], times: int, order: Sequence[int]) -> None:
    """Not on the order in which they or the actions come, nor on the unit in which members are weighed; each action has
    one rank, which is how many go before it, and those of one rank are told.
    """
    method, ballots = found
    lines = ranked(tallied(ballots, _ACTIONS), method, EQUAL)
    heavier = [(weight * times, marks) for weight, marks in reversed(ballots)]
    assert dict(ranks(ranked(tallied(heavier, order), method, EQUAL))) == dict(ranks(lines))
    assert [one.action for one in lines if one.rank is None] == sorted(one.action for one in lines if one.rank is None)
    given_ = [one for one in lines if one.rank is not None]
    for one in given_:
        assert one.rank == 1 + sum(other.rank < one.rank for other in given_ if other.rank and one.rank)
        assert one.tied == (sum(other.rank == one.rank for other in given_) > 1)
        assert one.score is not None
        assert all(other.score is not None and other.score >= one.score for other in given_ if other.rank == 1)


@given(found=_methods, action=st.sampled_from(_ACTIONS))
def test_one_more_voice_for_an_action_never_costs_it_its_rank(found: tuple[Method, Ballots], action: int) -> None:
    method, ballots = found
    best: Marks = {action: {P: 3} if method == Method.POINTS else dict.fromkeys(CRITERIA, 5)}
    before = dict(ranks(ranked(tallied(ballots, _ACTIONS), method, EQUAL)))[action]
    after = dict(ranks(ranked(tallied([*ballots, (1, best)], _ACTIONS), method, EQUAL)))[action]
    assert after is not None
    assert before is None or after <= before


@pytest.mark.parametrize(
    ("method", "asked", "marks", "fields"),
    [
        (Method.POINTS, [P], {1: {P: 10}}, set()),
        (Method.POINTS, [P], {1: {P: 6}, 2: {P: 4}}, set()),
        (Method.POINTS, [P], {1: {P: 6}, 2: {P: 5}}, {""}),
        (Method.POINTS, [P], {}, {""}),
        (Method.POINTS, [P], {3: {P: 1}}, {""}),
        (Method.POINTS, [P], {1: {IM: 1}}, {""}),
        (Method.POINTS, [P], {1: {P: -4}, 2: {P: 14}}, {"points-1"}),
        (Method.CRITERIA, [IM, CO], {1: {IM: 5, CO: 1}}, set()),
        (Method.CRITERIA, [IM, CO], {1: {IM: 5}}, {"cost-1"}),
        (Method.CRITERIA, [IM, CO], {1: {IM: 6, CO: 0}}, {"impact-1", "cost-1"}),
        (Method.CRITERIA, [IM, CO], {1: {IM: 5, CO: 1, UR: 1}}, {""}),
        (Method.CRITERIA, [IM, CO], {1: {}}, {""}),
    ],
)
def test_what_a_ballot_may_say(method: Method, asked: Sequence[Mark], marks: Marks, fields: set[str]) -> None:
    assert set(ballot_faults(method, 10, asked, (1, 2), marks)) == fields


def test_turnout_is_of_members_and_of_what_they_weigh() -> None:
    turnout = Turnout(members=3, voted=1, weight=90, weight_voted=60)
    assert (turnout.ratio, turnout.weight_ratio) == (Fraction(1, 3), Fraction(2, 3))
    assert (Turnout(0, 0, 0, 0).ratio, Turnout(0, 0, 0, 0).weight_ratio) == (None, None)
