"""Sure is only what has reference and amount; nothing is proposed where two things fit."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.bank_matching import NEAR, Incoming, Match, NotedPayment, OpenBill, Target, names, propose

DAY = date(2026, 12, 5)
RRN = "433412345678"


def came(paise: int = 52_500, words: str = "", reference: str = "", id: int = 1) -> Incoming:
    return Incoming(id, DAY, paise, reference, words)


def noted(id: int = 7, paise: int = 52_500, proof: str = "", day: date = DAY) -> NotedPayment:
    return NotedPayment(id, day, paise, proof)


def bill(id: int = 9, number: str = "INV/2627/0925", due: int = 52_500, day: date = DAY) -> OpenBill:
    return OpenBill(id, number, day, due)


def target(match: Match | None) -> tuple[str, int, bool] | None:
    return (match.target.value, match.id, match.is_sure) if match else None


def test_reference_and_amount_of_a_noted_payment_are_sure() -> None:
    for proof in (RRN, f"UTR {RRN}", f"0000{RRN}"):
        found = propose([came(words=f"UPI/CR/{RRN}/KAVYA")], [noted(proof=proof), noted(8)], [bill()])
        assert target(found.get(1)) == ("payment", 7, True)


def test_a_reference_with_another_amount_proves_nothing() -> None:
    assert propose([came(52_400, f"UPI {RRN}")], [noted(proof=RRN)], []) == {}


def test_short_references_prove_nothing() -> None:
    found = propose([came(words="UPI 7 X")], [noted(proof="UTR 7")], [])
    assert target(found.get(1)) == ("payment", 7, False)


def test_the_number_of_a_bill_and_what_is_due_are_sure() -> None:
    for words in ("UPI-INV26270925", "Bill INV/2627/0925 paid", "BILLINV26270925-X"):
        assert target(propose([came(words=words)], [], [bill()]).get(1)) == ("bill", 9, True)
    assert target(propose([came(50_000, "INV/2627/0925")], [], [bill()]).get(1)) == ("bill", 9, False)
    assert not names(came(words="INV/2627/09251"), "INV/2627/0925")


def test_the_amount_alone_is_for_a_person_to_decide() -> None:
    assert target(propose([came()], [noted()], [bill()]).get(1)) == ("payment", 7, False)
    assert target(propose([came()], [noted(day=DAY - NEAR - timedelta(1))], [bill()]).get(1)) == ("bill", 9, False)
    assert propose([came()], [], [bill(day=DAY + timedelta(1))]) == {}


def test_where_two_fit_nobody_can_tell() -> None:
    assert propose([came()], [noted(7), noted(8)], []) == {}
    assert propose([came(words=RRN)], [noted(7, proof=RRN), noted(8, proof=RRN)], [bill()]) == {}
    assert propose([came(id=1), came(id=2)], [noted()], []) == {}


def test_a_sure_one_keeps_its_payment_from_others_that_only_look_like_it() -> None:
    found = propose([came(words=RRN, id=1), came(id=2)], [noted(proof=RRN)], [])
    assert {entry: target(match) for entry, match in found.items()} == {1: ("payment", 7, True)}


amounts = st.integers(1, 5)
words = st.sampled_from(["", RRN, "INV/2627/0925", f"UPI {RRN} INV26270926", "SALARY"])


@given(
    st.lists(st.tuples(amounts, words), max_size=6),
    st.lists(st.tuples(amounts, st.sampled_from(["", RRN, "12"])), max_size=4),
    st.lists(st.tuples(amounts, st.sampled_from(["INV/2627/0925", "INV/2627/0926"])), max_size=3),
)
def test_never_without_the_amount_never_sure_without_the_reference_never_twice(
    rows: list[tuple[int, str]], payments: list[tuple[int, str]], bills: list[tuple[int, str]]
) -> None:
    entries = {n: Incoming(n, DAY, paise, "", text) for n, (paise, text) in enumerate(rows)}
    by_payment = {n: NotedPayment(n, DAY, paise, proof) for n, (paise, proof) in enumerate(payments)}
    by_bill = {n: OpenBill(n, number, DAY, due) for n, (due, number) in enumerate(bills)}
    found = propose(list(entries.values()), list(by_payment.values()), list(by_bill.values()))
    assert len({(match.target, match.id) for match in found.values()}) == len(found)
    for entry_id, match in found.items():
        entry = entries[entry_id]
        if match.target is Target.PAYMENT:
            payment = by_payment[match.id]
            assert payment.paise == entry.paise
            assert not match.is_sure or payment.proof in entry.words
        else:
            open_bill = by_bill[match.id]
            assert open_bill.due == entry.paise or names(entry, open_bill.number)
            assert not match.is_sure or (open_bill.due == entry.paise and names(entry, open_bill.number))
