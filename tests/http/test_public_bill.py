"""A bill behind its secret link: what it shows and to whom, in which languages, and what can be paid from it."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape
from secrets import token_hex

import pytest
from pypdf import PdfReader
from sqlalchemy import update

from microcrm.adapters import limits as counters
from microcrm.adapters.paper.typeset import qr_code
from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.links import PublicLink
from microcrm.operations.billing.accounts import use_advance
from microcrm.operations.billing.advances import TakeAdvance, take_advance
from microcrm.operations.billing.issuing import cancel_unsent
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.sharing import public_bill, share_bill
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms
from microcrm.operations.links import make_link
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from tests.conftest import Work, act_as
from tests.support.booking import Customer, words
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.till import cut, document_of, draft, issued, paying, register


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    def ready(uow: UnitOfWork) -> None:
        register(uow, fresh_database.a)
        change_billing_terms(uow, ChangeBillingTerms(0, upi_id="glow@okaxis", terms="Pay soon", footer="Thank you"))

    act_as(fresh_database.a.actor(), ready)
    return fresh_database.a


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")


def shared(shop: Shop) -> tuple[int, str]:
    """A bill of Rs 525 and the path of its page."""
    bill = act_as(shop.actor(), lambda uow: issued(uow, shop).document_id)
    return bill, f"/i/{act_as(shop.actor(), share_bill, bill).token}"


async def test_a_line_shows_the_printed_price_though_its_parts_come_to_a_paisa_more(shop: Shop) -> None:
    def billed(uow: UnitOfWork) -> tuple[str, int]:
        bill = issued(uow, shop, cut("700", is_with_tax=True)).document_id
        [line] = view_document(uow, bill).lines
        assert line.taxable + line.cgst + line.sgst == 70_001
        return share_bill(uow, bill).token, line.amount

    token, amount = act_as(shop.actor(), billed)
    assert amount == 70_000
    shown = words(await Customer().go(f"/i/{token}"))
    assert "Haircut ₹700 Total ₹700" in shown and "₹700.01" not in shown and "Round-off" not in shown


async def test_the_page_says_what_is_on_the_bill_and_how_it_stands(shop: Shop) -> None:
    bill, link = shared(shop)
    page = await Customer().go(link)
    shown = words(page)
    for said in (
        "Tax invoice INV/2627/0001",
        "Plain Iyer",
        "Haircut",
        "CGST",
        "₹12.50",
        "₹525",
        "Not paid yet.",
        "Thank you",
    ):
        assert said in shown, said
    assert "upi://pay?pa=glow@okaxis" in page.text and "am=525.00" in page.text and "tr=INV26270001" in page.text
    assert page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    assert 'content="noindex"' in page.text and CANARY not in page.text
    act_as(shop.actor(), take_payment, paying(bill, PaidPart("cash", "200")))
    half = words(await Customer().go(link))
    assert "Part of it is paid." in half and "Pay ₹325 by UPI" in half and "Received ₹200" in half
    act_as(shop.actor(), take_payment, paying(bill, PaidPart("cash", "325"), key="second press"))
    whole = await Customer().go(link)
    assert "Paid in full. Thank you." in words(whole) and "upi://" not in whole.text


async def test_the_code_on_the_page_is_the_link(shop: Shop) -> None:
    """tests/adapters/test_paper.py decodes what ``qr_code`` draws."""
    _, link = shared(shop)
    page = await Customer().go(link)
    [pay] = re.findall(r'href="(upi://[^"]+)"', page.text)
    assert qr_code(unescape(pay)) in page.text


@pytest.mark.parametrize(("language", "said"), [("hi", "UPI से ₹525 दें"), ("kn", "UPI ಮೂಲಕ ₹525 ಪಾವತಿಸಿ")])
async def test_it_speaks_the_visitor_s_language(shop: Shop, language: str, said: str) -> None:
    _, link = shared(shop)
    assert said in words(await Customer(language=language).go(link))
    assert said in words(await Customer().go(f"{link}?lang={language}"))


async def test_the_file_is_the_bill(shop: Shop) -> None:
    _, link = shared(shop)
    file = await Customer().go(f"{link}/bill.pdf")
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == 'inline; filename="INV-2627-0001.pdf"'
    read = PdfReader(io.BytesIO(file.content)).pages[0].extract_text()
    assert "INV/2627/0001" in read and "Pay soon" in read


@pytest.mark.parametrize("token", ["-", "A" * 22, "a" * 23, "../x", "%00", "क" * 22])
async def test_a_link_that_was_never_made_opens_nothing(shop: Shop, token: str) -> None:
    shared(shop)
    for path in ("", "/bill.pdf"):
        assert (await Customer().go(f"/i/{token}{path}")).status_code == 404


async def test_a_link_that_has_run_out_or_is_to_a_visit_opens_nothing(shop: Shop) -> None:
    _, link = shared(shop)
    assert (await Customer().go(link.replace("/i/", "/m/"))).status_code == 404
    visit = act_as(shop.actor(), lambda uow: make_link(uow, booking_id=shop.booking_id))
    assert (await Customer().go(f"/i/{visit}")).status_code == 404
    assert (await Customer().go(link)).status_code == 200

    def run_out(uow: UnitOfWork) -> None:
        uow.session.execute(update(PublicLink).values(expires_at=uow.now - timedelta(seconds=1)))

    act_as(shop.actor(), run_out)
    assert (await Customer().go(link)).status_code == 404


async def test_a_signed_in_neighbour_sees_no_more_than_anybody(shop: Shop, fresh_database: TwoShops) -> None:
    token = shared(shop)[1].removeprefix("/i/")
    b = fresh_database.b
    with pytest.raises(NotFound):
        act_as(b.actor(), public_bill, token)
    with pytest.raises(NotFound):
        act_as(b.actor(), share_bill, shared(shop)[0])
    assert act_as(VISITOR, public_bill, token).page.number == "INV/2627/0001"


def test_only_what_is_issued_is_shared_and_then_it_counts_as_given(unit_of_work: Work, two_shops: TwoShops) -> None:
    shop = two_shops.a
    with unit_of_work(shop.actor()) as uow:
        register(uow, shop)
        with pytest.raises(Conflict):
            share_bill(uow, draft(uow, shop).document_id)
        gone = issued(uow, shop)
        cancel_unsent(uow, gone.document_id, gone.version, "Typed wrong")
        with pytest.raises(Conflict):
            share_bill(uow, gone.document_id)
        bill = issued(uow, shop, cut("100"))
        assert share_bill(uow, bill.document_id).token != share_bill(uow, bill.document_id).token
        stored = document_of(uow.session, bill.document_id)
        assert stored.sent_at is not None
        with pytest.raises(Conflict):
            cancel_unsent(uow, bill.document_id, stored.version, "Too late")


@pytest.mark.parametrize(
    ("role", "may", "sees"), [(Role.FRONT_DESK, True, True), (Role.ACCOUNTANT, True, False), (Role.STAFF, False, False)]
)
def test_who_shares_and_who_sees_the_phone(
    unit_of_work: Work, two_shops: TwoShops, role: Role, may: bool, sees: bool
) -> None:
    shop = two_shops.a
    with unit_of_work(shop.actor()) as uow:
        bill = issued(uow, shop).document_id
    with unit_of_work(shop.actor(role)) as uow:
        if not may:
            with pytest.raises(Forbidden):
                share_bill(uow, bill)
            return
        done = share_bill(uow, bill)
        assert bool(done.phone) is sees and done.words.startswith("Your bill BILL/2627/0001 of ₹500.00 from")


async def test_a_voucher_is_shown_and_asks_for_no_money(shop: Shop) -> None:
    command = TakeAdvance(shop.customer_id, "800", "upi", "first press")
    voucher = act_as(shop.actor(), take_advance, command).voucher_id
    shared_now = act_as(shop.actor(), share_bill, voucher)
    assert shared_now.words.startswith("Your receipt voucher RV/2627/0001 of ₹800.00")
    page = await Customer().go(f"/i/{shared_now.token}")
    shown = words(page)
    assert "Receipt voucher RV/2627/0001" in shown and "Plain Iyer" in shown
    assert "upi://" not in page.text and "Not paid yet" not in shown


async def test_a_bill_names_the_advance_that_pays_it(shop: Shop) -> None:
    act_as(shop.actor(), take_advance, TakeAdvance(shop.customer_id, "100", "upi", "first press"))
    bill, link = shared(shop)
    act_as(shop.actor(), use_advance, bill)
    assert "of it advance RV/2627/0001" in words(await Customer().go(link))
    assert "जिसमें से अग्रिम RV/2627/0001" in words(await Customer().go(f"{link}?lang=hi"))
