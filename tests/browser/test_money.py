"""Money with hands: a visit becomes a bill that is paid in two ways, an advance pays a bill that names it, a bill comes again.
Each screen and each dialog on the way is sound in both themes and on a narrow phone."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.test_calendar import block, book, day
from tests.browser.test_desk import ask_database, marked
from tests.browser.test_groups import check
from tests.support.site import Site

pytestmark = pytest.mark.browser


def more(page: Page, what: str) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name=what, exact=True).click()


def issue(page: Page) -> None:
    page.get_by_role("button", name="Issue", exact=True).click()
    page.get_by_role("dialog", name="Issue this bill?").get_by_role("button", name="Issue", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Bill BILL/"))


def new_bill(page: Page, site: Site, price: str) -> None:
    """For the shop's first customer."""
    page.goto(f"{site.url}/invoice?customer={site.shops.a.customer_id}")
    line = page.locator(".bill-line[data-line='0']")
    line.get_by_label("Description").fill("Haircut")
    line.get_by_label("Rate in rupees").fill(price)
    line.get_by_label("Quantity").click()
    expect(page.locator(".bill-total dd")).to_have_text(f"₹{price}.00")


def amount(form: Locator, label: str, value: str) -> None:
    form.get_by_label(label, exact=True).fill(value)


def test_a_finished_visit_is_billed_and_paid_in_two_ways(open_page: Opener, site: Site) -> None:
    watched = open_page(f"/calendar?date={day(61)}")
    page = watched.page
    book(page, "Hema Bhat", "10:00")
    marked(site, "Hema Bhat", "finished")
    page.reload()
    block(page, "Hema Bhat").click()
    page.get_by_role("link", name="Bill", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draft: bill")
    check(page)
    issue(page)
    due = page.locator(".bill-total dd").inner_text().removeprefix("₹").replace(",", "")
    page.get_by_role("button", name="Take payment").click()
    form = page.get_by_role("dialog", name="Take payment")
    expect(form.get_by_label("Cash", exact=True)).to_have_value(due.removesuffix(".00"))
    check(page)
    rest = str(int(float(due)) - 100)
    amount(form, "Cash", "100")
    form.get_by_label("Cash given (optional)").fill("500")
    amount(form, "UPI", rest)
    form.get_by_role("button", name="Take it").click()
    expect(form).to_be_hidden()
    expect(page.get_by_text(re.compile("is paid in full. Give back ₹400.00")).last).to_be_visible()
    expect(page.locator(".record-head .chip")).to_have_text("Paid")
    expect(page.locator(".bill-payment")).to_have_count(2)
    ends = page.locator(".bill-payment").first.evaluate(
        "row => row.getBoundingClientRect().right - row.querySelector('button').getBoundingClientRect().right"
    )
    assert 0 <= ends <= 24, "the button of a payment stands at the end of its row"
    check(page)
    assert watched.complaints == []


def test_an_advance_has_a_voucher_and_pays_the_next_bill(open_page: Opener, site: Site) -> None:
    customer = site.shops.a.customer_id
    watched = open_page(f"/customer?id={customer}")
    page = watched.page
    page.get_by_role("button", name="Take an advance").click()
    form = page.get_by_role("dialog", name="Take an advance")
    check(page)
    form.get_by_role("button", name="Take it").click()
    expect(form.get_by_text("How much is it?")).to_be_visible()
    amount(form, "Amount", "800")
    form.get_by_label("Way of paying").select_option("upi")
    form.get_by_role("button", name="Take it").click()
    expect(form).to_be_hidden()
    expect(page.get_by_role("link", name="RV/")).to_be_visible()
    check(page)
    new_bill(page, site, "500")
    issue(page)
    page.get_by_role("button", name="Take payment").click()
    form = page.get_by_role("dialog", name="Take payment")
    expect(form).to_contain_text("₹800.00 is paid ahead.")
    form.get_by_role("button", name="Use it").click()
    expect(page.locator(".record-head .chip")).to_have_text("Paid")
    check(page)
    page.locator(".bill-payment").get_by_role("link", name="Advance RV/").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Receipt for an Advance RV/"))
    expect(page.locator(".bill-related").filter(has_text="Used for")).to_contain_text("Bill BILL/")
    page.get_by_role("button", name="Give back").click()
    form = page.get_by_role("dialog", name="Give the advance back")
    expect(form.get_by_label("Amount", exact=True)).to_have_value("300")
    check(page)
    form.get_by_label("Reason", exact=True).fill("Moved away")
    form.get_by_role("button", name="Give back").click()
    expect(form).to_be_hidden()
    expect(page.locator(".record-head .chip")).to_have_text("Advance used")
    expect(page.locator(".bill-related").filter(has_text="Given back")).to_contain_text("RFV/")
    check(page)
    page.goto(f"{site.url}/invoices?tab=vouchers")
    expect(page.locator("tbody tr")).to_have_count(2)
    check(page)
    assert watched.complaints == []


def test_a_bill_that_was_too_low_gets_a_debit_note(open_page: Opener, site: Site) -> None:
    watched = open_page("/invoices")
    page = watched.page
    new_bill(page, site, "500")
    issue(page)
    more(page, "Debit note")
    form = page.get_by_role("dialog", name="Debit note")
    check(page)
    form.get_by_role("button", name="Write the debit note").click()
    expect(form.get_by_text("Say at one line at least how much more it is.")).to_be_visible()
    form.get_by_label(re.compile("^Haircut")).fill("50")
    form.get_by_label("Reason", exact=True).fill("Long hair")
    form.get_by_role("button", name="Write the debit note").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Debit Note DN/"))
    check(page)
    page.locator(".bill-related").get_by_role("link", name="Bill BILL/").click()
    expect(page.locator(".bill-related").filter(has_text="Corrected by")).to_contain_text("₹50.00")
    assert watched.complaints == []


def test_a_bill_comes_again(open_page: Opener, site: Site) -> None:
    watched = open_page("/invoices")
    page = watched.page
    new_bill(page, site, "900")
    issue(page)
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Let it come again").click()
    form = page.get_by_role("dialog", name="Let this bill come again")
    check(page)
    form.get_by_label("Every how many").fill("0")
    form.get_by_role("button", name="Begin").click()
    expect(form.get_by_text("Every how many must be from 1 to 52.")).to_be_visible()
    form.get_by_label("Every how many").fill("1")
    form.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recurring bills")
    row = page.locator("tbody tr").filter(has_text="₹900.00")
    expect(row).to_contain_text("None yet")
    check(page)
    let_it_be_due(site)
    page.reload()
    expect(row).to_contain_text("1 bill, last")
    row.get_by_role("button", name="Actions for this recurring bill").click()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(row.locator(".chip")).to_have_text("Paused")
    row.get_by_role("button", name="Actions for this recurring bill").click()
    page.get_by_role("button", name="When it comes", exact=True).click()
    dialog = page.get_by_role("dialog", name="When this bill comes")
    check(page)
    dialog.get_by_role("radio", name=re.compile("^Issue it")).check()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    change_its_lines(page, row)
    row.get_by_role("button", name="Actions for this recurring bill").click()
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_role("dialog", name="End this recurring bill?").get_by_role("button", name="End it").click()
    expect(row.locator(".chip")).to_have_text("Ended")
    row.get_by_role("link", name="Draft", exact=True).click()
    expect(page.get_by_label("Note on the bill")).to_have_value(re.compile("^For "))
    assert watched.complaints == []


def change_its_lines(page: Page, row: Locator) -> None:
    """A wrong price keeps what was typed; the right one counts from the next bill on; Undo takes it back."""
    row.get_by_role("button", name="Actions for this recurring bill").click()
    page.get_by_role("button", name="What stands on it", exact=True).click()
    dialog = page.get_by_role("dialog", name="What stands on this recurring bill")
    first, second = (dialog.locator(".plan-line:not(.plan-heads)").nth(at) for at in (0, 1))
    expect(first.get_by_label("Description")).to_have_value("Haircut")
    check(page)
    second.get_by_label("Description").fill("Beard")
    second.get_by_label("Rate in rupees").fill("much")
    dialog.get_by_role("button", name="Save").click()
    expect(second.get_by_text("must be an amount")).to_be_visible()
    expect(second.get_by_label("Description")).to_have_value("Beard")
    second.get_by_label("Rate in rupees").fill("100")
    dialog.get_by_label("Text on each bill").fill("Chair 3")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    changed = page.locator("tbody tr").filter(has_text="₹1,000.00")
    expect(changed).to_contain_text("Haircut and 1 more")
    page.get_by_role("button", name="Undo").last.click()
    expect(row).to_be_visible()


def let_it_be_due(site: Site) -> None:
    """Today is its day, and the worker comes by."""
    ask_database(
        site, "UPDATE recurring_bills SET starts_on = current_date, next_on = current_date WHERE state = 'active'"
    )
    subprocess.run(
        [sys.executable, "-c", "from tasks.recurring import sweep; sweep()"],
        env=os.environ | site.variables,
        check=True,
        timeout=60,
    )


def test_a_month_is_closed_on_a_phone(open_page: Opener) -> None:
    watched = open_page("/settings/billing", device=PHONE)
    page = watched.page
    months = page.locator("section").filter(has=page.get_by_role("heading", name="Filed months"))
    months.get_by_role("button", name="Mark as filed").first.click()
    dialog = page.get_by_role("dialog", name=re.compile("^Mark .* as filed"))
    expect(dialog).to_be_visible()
    check(page)
    dialog.get_by_role("button", name="Mark as filed").click()
    expect(months.locator(".chip").first).to_have_text("Filed")
    months.get_by_role("button", name="Open again").click()
    form = page.get_by_role("dialog", name=re.compile("^Open .* again"))
    form.get_by_role("button", name="Open it again").click()
    expect(form.get_by_text("Reason is needed.")).to_be_visible()
    form.get_by_label("Reason").fill("A bill was forgotten")
    form.get_by_role("button", name="Open it again").click()
    expect(months.locator(".chip")).to_have_count(0)
    assert watched.complaints == []
