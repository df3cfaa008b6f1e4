"""Places of supply and heads, each case with its section."""

from __future__ import annotations

import pytest

from microcrm.domain.supply import Heads, PlaceRule, heads_between, place_of_supply

P, T, E, G = PlaceRule.PERFORMED, PlaceRule.TRAINING, PlaceRule.EVENT, PlaceRule.GENERAL
C = PlaceRule.COUNTER
LOCAL, UT, INTER = Heads.CGST_SGST, Heads.CGST_UTGST, Heads.IGST


@pytest.mark.parametrize(
    ("rule", "seller", "gstin", "address", "performed", "place", "heads"),
    [
        pytest.param(P, "27", "24", "24", "27", "27", LOCAL, id="haircut for a business of another State: s.12(4)"),
        pytest.param(P, "27", "", "29", "27", "27", LOCAL, id="haircut for a visitor from another State"),
        pytest.param(P, "27", "", "24", "24", "24", INTER, id="bridal make-up at a home in another State"),
        pytest.param(
            C, "27", "24", "24", "", "27", LOCAL, id="goods that a business of another State takes along: s.10(1)(c)"
        ),
        pytest.param(C, "27", "", "24", "24", "24", INTER, id="goods handed over at a home in another State"),
        pytest.param(P, "04", "", "06", "04", "04", UT, id="gym in Chandigarh: UTGST"),
        pytest.param(P, "07", "", "", "", "07", LOCAL, id="Delhi has a legislature: SGST"),
        pytest.param(E, "27", "24", "", "24", "24", INTER, id="event held elsewhere: s.12(6)"),
        pytest.param(G, "27", "29", "", "", "29", INTER, id="consulting for a registered one: s.12(2)(a)"),
        pytest.param(G, "27", "27", "", "", "27", LOCAL, id="consulting, same State"),
        pytest.param(G, "27", "", "24", "", "24", INTER, id="unregistered: the address on record, s.12(2)(b)(i)"),
        pytest.param(G, "27", "", "", "", "27", LOCAL, id="unregistered without address: the seller, s.12(2)(b)(ii)"),
        pytest.param(T, "27", "24", "", "27", "24", INTER, id="training a registered firm's staff: s.12(5)(a)"),
        pytest.param(T, "27", "", "24", "27", "27", LOCAL, id="training a person: where it is given, s.12(5)(b)"),
        pytest.param(G, "29", "", "07", "", "07", INTER, id="software for somebody in Delhi"),
    ],
)
def test_place(
    rule: PlaceRule, seller: str, gstin: str, address: str, performed: str, place: str, heads: Heads
) -> None:
    found = place_of_supply(rule, seller, buyer_gstin_state=gstin, buyer_state=address, performed_in=performed)
    assert (found.state_code, found.heads) == (place, heads)
    assert ("10(1)(c)" if rule is C else "12(") in found.section
    assert ("IGST" in found.reason) == (heads is INTER)


def test_a_seller_in_no_state_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="State code"):
        place_of_supply(P, "00")


def test_heads_of_two_territories() -> None:
    assert heads_between("04", "04") is UT
    assert heads_between("04", "26") is INTER
