"""The tax in an advance: what is not known yet is taxed as rule 50 says, and nothing is lost to rounding."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.advance import Purpose, share_of, work_out_advance
from microcrm.domain.documents import Registration
from microcrm.domain.supply import Heads, PlaceRule

HAIR = Purpose("Advance for Haircut", 500, rules=(PlaceRule.PERFORMED,))
COURSE = Purpose("Advance for a course", 1800, rules=(PlaceRule.GENERAL,))
REGULAR = Registration.REGULAR


def test_a_known_service_carries_its_own_rate() -> None:
    worked = work_out_advance(50_000, [HAIR], REGULAR, "29")
    bill = worked.bill
    assert (bill.taxable, bill.cgst, bill.sgst, bill.igst, bill.round_off) == (47_619, 1_190, 1_190, 0, 1)
    assert (worked.heads, worked.place_state) == (Heads.CGST_SGST, "29")
    assert bill.total == 50_000


def test_an_unknown_rate_is_eighteen_per_cent_and_a_known_place_stays_known() -> None:
    """Without a GSTIN every rule gives the seller's own State."""
    worked = work_out_advance(118_000, [Purpose("Advance")], REGULAR, "29")
    assert (worked.bill.taxable, worked.bill.cgst, worked.heads) == (100_000, 9_000, Heads.CGST_SGST)


def test_a_place_that_cannot_be_told_counts_as_another_state() -> None:
    worked = work_out_advance(118_000, [Purpose("Advance")], REGULAR, "29", buyer_state="24")
    assert (worked.heads, worked.place_state, worked.bill.igst) == (Heads.IGST, "24", 18_000)
    assert "r.50" in worked.reason
    assert work_out_advance(118_000, [HAIR], REGULAR, "29", buyer_state="24").heads is Heads.CGST_SGST
    assert work_out_advance(118_000, [HAIR, COURSE], REGULAR, "29", buyer_state="24").heads is Heads.IGST


def test_who_may_not_collect_tax_takes_none() -> None:
    for registration in (Registration.COMPOSITION, Registration.NONE):
        worked = work_out_advance(50_000, [HAIR, COURSE], registration, "29")
        assert (worked.bill.tax, worked.heads, worked.place_state, worked.bill.total) == (0, Heads.NONE, "", 50_000)


def test_exempt_services_carry_no_tax() -> None:
    worked = work_out_advance(50_000, [replace(HAIR, is_exempt=True)], REGULAR, "29")
    assert (worked.bill.tax, worked.bill.taxable) == (0, 50_000)


@given(
    paise=st.integers(1, 10**9),
    purposes=st.lists(
        st.builds(
            Purpose,
            description=st.just("Advance"),
            rate_bp=st.sampled_from([None, 0, 500, 1800, 4000]),
            rules=st.sampled_from([(PlaceRule.PERFORMED,), (PlaceRule.GENERAL,), tuple(PlaceRule)]),
            worth=st.integers(0, 10**7),
        ),
        min_size=1,
        max_size=6,
    ),
    buyer=st.sampled_from(["", "29", "24"]),
)
def test_the_parts_sum_to_what_was_paid(paise: int, purposes: list[Purpose], buyer: str) -> None:
    worked = work_out_advance(paise, purposes, REGULAR, "29", buyer)
    assert worked.bill.total == paise == sum(line.price_paise for line in worked.lines)
    assert abs(worked.bill.round_off) <= 2 * len(worked.lines)
    assert worked.bill.cgst == worked.bill.sgst and (worked.bill.igst == 0) == (
        worked.heads is not Heads.IGST or not worked.bill.tax
    )


@given(
    amounts=st.lists(st.integers(0, 10**9), max_size=4),
    parts=st.lists(st.integers(1, 10**8), min_size=1, max_size=8),
)
def test_pieces_that_follow_one_another_sum_to_the_whole(amounts: list[int], parts: list[int]) -> None:
    whole, before, got = sum(parts), 0, [0] * len(amounts)
    for part in parts:
        pieces = share_of(amounts, whole, before, part)
        assert all(piece >= 0 for piece in pieces)
        got = [have + piece for have, piece in zip(got, pieces, strict=True)]
        before += part
    assert got == amounts
