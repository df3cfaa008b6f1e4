"""The tax book against india.md 1.5."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from microcrm.domain.errors import Invalid
from microcrm.domain.taxbook import (
    GOODS,
    GST_2_0,
    GST_BEGAN,
    KINDS,
    RATES,
    TaxClass,
    TaxRate,
    rate_for,
    rate_on,
    rate_words,
)

EVE = date(2025, 9, 21)


@pytest.mark.parametrize("tax_class", [TaxClass.HAIR, TaxClass.BEAUTY, TaxClass.FITNESS])
def test_gst_2_0_began_on_22_september_2025(tax_class: TaxClass) -> None:
    """Notification 15/2025-CTR: 18 % with credit before, 5 % without credit from that day."""
    before, after = rate_on(tax_class, EVE), rate_on(tax_class, GST_2_0)
    assert (before.rate_bp, before.has_credit) == (1800, True)
    assert (after.rate_bp, after.has_credit) == (500, False)
    assert "15/2025" in after.citation


@pytest.mark.parametrize(
    ("tax_class", "rate_bp", "is_exempt", "cited"),
    [
        (TaxClass.HEALTH, 0, True, "12/2017-Central Tax (Rate), entry 74"),
        (TaxClass.VET, 0, True, "entry 46"),
        (TaxClass.SCHOOL, 0, True, "entry 66"),
        (TaxClass.COACHING, 1800, False, "11/2017"),
        (TaxClass.STANDARD, 1800, False, "11/2017"),
    ],
)
@pytest.mark.parametrize("day", [EVE, GST_2_0, date(2026, 11, 22)])
def test_what_did_not_change(tax_class: TaxClass, rate_bp: int, is_exempt: bool, cited: str, day: date) -> None:
    row = rate_on(tax_class, day)
    assert (row.rate_bp, row.is_exempt) == (rate_bp, is_exempt)
    assert cited in row.citation


def test_goods_by_their_hsn() -> None:
    """Notification 9/2025-CTR: shampoo and the like 5 %, what no other schedule names 18 %."""
    assert rate_on(TaxClass.GOODS, GST_2_0).rate_bp == 1800
    assert (rate_on(TaxClass.DAILY_GOODS, EVE).rate_bp, rate_on(TaxClass.DAILY_GOODS, GST_2_0).rate_bp) == (1800, 500)
    assert set(TaxClass) > GOODS and not any(KINDS[kind].sacs for kind in GOODS)


def test_a_rate_of_the_shop_s_own_holds_for_all_codes_that_begin_with_its_code() -> None:
    """The longest beginning goes before a shorter one, and both before the class."""

    def own(sac: str, rate_bp: int) -> TaxRate:
        return TaxRate(TaxClass.GOODS, rate_bp, False, False, GST_2_0, None, "Notification", sac)

    rates = [own("", 4000), own("9021", 500), own("90211000", 0)]
    asked = ("90211000", "90219090", "9021", "33059090", "")
    assert [rate_for(rates, TaxClass.GOODS, sac, GST_2_0).rate_bp for sac in asked] == [0, 500, 500, 4000, 4000]


def test_shared_vectors(vectors: dict[str, Any]) -> None:
    for case in vectors["salon_rate_by_date"]:
        day = date.fromisoformat(case["date"])
        assert rate_on(TaxClass.HAIR, day).rate_bp == int(case["rate"]) * 100


@pytest.mark.parametrize("tax_class", list(TaxClass))
def test_each_class_has_exactly_one_rate_on_any_day(tax_class: TaxClass) -> None:
    rows = sorted((row for row in RATES if row.tax_class is tax_class), key=lambda row: row.valid_from)
    assert rows[0].valid_from == GST_BEGAN
    assert rows[-1].valid_to is None
    for earlier, later in pairwise(rows):
        assert earlier.valid_to is not None
        assert later.valid_from == earlier.valid_to + timedelta(days=1)


def test_before_gst_there_is_no_rate() -> None:
    assert rate_on(TaxClass.HAIR, GST_BEGAN).rate_bp == 1800
    with pytest.raises(Invalid, match="no GST rate on record"):
        rate_on(TaxClass.HAIR, GST_BEGAN - timedelta(days=1))


def test_rows_are_cited_and_sensible() -> None:
    assert set(KINDS) == set(TaxClass)
    for row in RATES:
        assert "Notification" in row.citation
        assert row.rate_bp in (0, 500, 1800, 4000)
        assert row.is_exempt == (row.rate_bp == 0)
    for kind in KINDS.values():
        assert all(len(sac) == 6 and sac.startswith("99") and sac.isdecimal() for sac in kind.sacs)


def test_rates_in_words() -> None:
    assert rate_words(rate_on(TaxClass.HAIR, GST_2_0)) == "5% GST"
    assert rate_words(rate_on(TaxClass.COACHING, GST_2_0)) == "18% GST"
    assert rate_words(rate_on(TaxClass.HEALTH, GST_2_0)) == "Exempt from GST"
