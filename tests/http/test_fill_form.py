"""The page behind a form's link, as a customer without scripts fills it in; and what others send to it."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import select

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.http.book import fill, traps
from microcrm.models.customers import Customer as CustomerRow
from microcrm.models.vault import SealedRecord
from microcrm.operations.forms.asking import ask_form
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.reading import OpenRecords, open_records
from tests.conftest import act_as
from tests.support.booking import Customer, errors_of, words
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.vault import form_of, own_form

NASTY = '"><script>alert(1)</script>'


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")


def sent(shop: Shop, form: int | None = None) -> str:
    def ask(uow: UnitOfWork) -> str:
        return ask_form(uow, shop.customer_id, form or form_of(uow, "consent")).token

    return f"/form/{act_as(shop.actor(), ask)}"


def filled(shop: Shop) -> list[dict[str, str]]:
    def read(uow: UnitOfWork) -> list[dict[str, str]]:
        ids = list(uow.session.scalars(select(SealedRecord.id).order_by(SealedRecord.id)))
        found = open_records(uow, OpenRecords(ids, "visit"), wiring.sealer()) if ids else ()
        return [{one.name: one.words for one in record.fields} for record in found]

    return act_as(shop.actor(), read)


@pytest.fixture
def customer() -> Customer:
    return Customer()


async def test_the_page_asks_what_the_form_asks_and_tells_nothing_of_the_customer(
    shop: Shop, customer: Customer
) -> None:
    page = await customer.go(sent(shop))
    shown = words(page)
    assert page.status_code == 200 and "Consent to a chemical treatment" in shown
    assert "Only if your answer to “Have you ever reacted to a hair colour or a skin product?” is “Yes”." in shown
    assert "Typing your full name here is your signature." in shown
    name = act_as(shop.actor(), lambda uow: uow.session.get_one(CustomerRow, shop.customer_id).name)
    assert name not in page.text and "98451" not in page.text and CANARY not in page.text
    assert page.headers["cache-control"] == "no-store" and page.headers["referrer-policy"] == "no-referrer"
    assert 'content="noindex"' in page.text


async def test_it_is_filled_in_without_a_script_and_once(shop: Shop, customer: Customer) -> None:
    link = sent(shop)
    await customer.go(link)
    await customer.press(
        a_reacted="yes", a_reaction="A rash in 2019", **{"a_conditions.eczema": "on"}, a_agreed="Asha Rao"
    )
    assert (
        customer.page.status_code == 200 and "Thank you." in words(customer.page) and "2019" not in customer.page.text
    )
    [answers] = filled(shop)
    assert answers["reaction"] == "A rash in 2019" and answers["conditions"] == "Eczema or psoriasis"
    assert answers["agreed"].startswith("Typed by Asha Rao")
    again = await customer.go(link)
    assert "Thank you." in words(again) and "<form" not in again.text


async def test_mistakes_stand_at_their_fields_and_what_was_typed_stays(shop: Shop, customer: Customer) -> None:
    await customer.go(sent(shop))
    page = await customer.press(a_reacted="yes", a_agreed="")
    assert page.status_code == 422 and filled(shop) == []
    assert errors_of(page) == {
        "a_reaction": "This needs an answer.",
        "a_agreed": "Type your full name as your signature.",
    }
    assert customer.form.fields.count(("a_reacted", "yes")) == 1
    page = await customer.press(a_reaction="Redness", a_agreed="Asha Rao")
    assert "Thank you." in words(page) and len(filled(shop)) == 1


async def test_the_page_speaks_hindi_and_kannada_and_the_shop_s_words_stay(shop: Shop) -> None:
    link = sent(shop)
    for language, sends in (("hi", "भेजें"), ("kn", "ಕಳುಹಿಸಿ")):
        reader = Customer(language=language)
        page = await reader.go(link)
        assert sends in words(page) and "Have you ever reacted" in words(page)
        page = await reader.press(a_reacted="", a_agreed="")
        assert page.status_code == 422 and "Choose an answer." not in words(page)


async def test_every_shape_of_an_owner_s_form(shop: Shop, customer: Customer) -> None:
    shapes: list[dict[str, Any]] = [
        {"label": f"<b>{NASTY}</b>"},
        {"label": "Weight", "shape": "number", "unit": "kg", "low": "1", "high": "200"},
        {"label": "Born", "shape": "day"},
        {"label": "Phone of a friend", "shape": "phone"},
        {"label": "How fit?", "shape": "scale", "low": "1", "high": "5", "ends": ["Not", "Very"]},
        {"label": "Story", "shape": "note"},
    ]
    form = act_as(shop.actor(), lambda uow: own_form(uow, *shapes))
    page = await customer.go(sent(shop, form))
    assert NASTY not in page.text and "&lt;script&gt;" in page.text
    wrong = {"a_f2": "heavy", "a_f3": "soon", "a_f4": "12", "a_f5": "9", "a_f6": "x" * 5000}
    page = await customer.press(a_f1=NASTY, **wrong)
    assert page.status_code == 422 and set(errors_of(page)) == set(wrong) and NASTY not in page.text
    right = {"a_f2": "61.5", "a_f3": "1990-02-01", "a_f4": "98450 12345", "a_f5": "3", "a_f6": "कहानी " * 600}
    page = await customer.press(a_f1=NASTY, **right)
    assert page.status_code == 200, words(page)
    [answers] = filled(shop)
    assert answers["f1"] == NASTY and answers["f2"] == "61.5 kg" and answers["f5"] == "3 of 5"


async def test_a_form_of_another_site_and_a_program_s_are_refused(shop: Shop, customer: Customer) -> None:
    link = sent(shop)
    await customer.go(link)
    pairs = [*customer.form.fields, ("a_reacted", "no"), ("a_agreed", "Asha Rao")]
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await customer.post(link, pairs, foreign)).status_code == 403
    bare = [("a_reacted", "no"), ("a_agreed", "Asha Rao")]
    assert (await customer.post(link, bare)).status_code == 400
    trapped = [(name, "x" if name == "website" else value) for name, value in pairs]
    assert (await customer.post(link, trapped)).status_code == 400
    assert (await customer.post(link, [*pairs, ("a_reaction", "x" * 600_000)])).status_code == 413
    assert (await customer.post(link, [*pairs, *((f"x{n}", "1") for n in range(1_200))])).status_code == 400
    assert filled(shop) == []


async def test_links_that_lead_nowhere(shop: Shop, customer: Customer) -> None:
    for token in ("A" * 22, "short", "é" * 22, "..%2f..%2fetc"):
        assert (await customer.go(f"/form/{token}")).status_code == 404
        assert (await customer.post(f"/form/{token}", [("a_reacted", "no")])).status_code in (400, 404)
    link = sent(shop)
    sent(shop)
    assert (await customer.go(link)).status_code == 404, "a newer link takes its place"


async def test_a_link_counts_against_the_limits(
    shop: Shop, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill, "LINKS", counters.Limit("few-links", 2, 60))
    link = sent(shop)
    codes = [(await customer.go(link)).status_code for _ in range(4)]
    assert codes == [200, 200, 429, 429]


async def test_a_signature_that_a_script_has_drawn_is_kept_and_anything_else_is_refused(
    shop: Shop, customer: Customer
) -> None:
    await customer.go(sent(shop))
    wrong = ("x", "[[1,2", "{}", "[[1,2,3]]", '[["a","b"]]', "[[1,2]]", "[" * 30_000, "[[9999,9999,1,1]]", "7" * 50_000)
    for drawn in wrong:
        page = await customer.press(a_reacted="no", a_agreed="Asha Rao", **{"a_agreed.drawn": drawn})
        assert page.status_code == 422, drawn[:40]
        assert errors_of(page) == {"a_agreed": "Clear the drawing and sign again."}
    line = "[[100,300,200,250,300,200,400,180,500,200,600,240,700,300]]"
    page = await customer.press(a_reacted="no", a_agreed="Asha Rao", **{"a_agreed.drawn": line})
    assert page.status_code == 200
    assert filled(shop)[0]["agreed"].startswith("Drawn by Asha Rao")
