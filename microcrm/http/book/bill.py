"""A bill behind its secret link: what it says, how it stands, how to pay it by UPI, and the file to keep."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.adapters.paper.typeset import Size, qr_code, set_bill
from microcrm.domain.bill import QUANTITY_ONE
from microcrm.domain.bill_page import PageBill, PageLine, page_of, quantity
from microcrm.domain.documents import OWED, DocumentKind, Registration
from microcrm.domain.gstin import display_gstin
from microcrm.http.book.limits import LINKS, check_address
from microcrm.http.book.manage import SECRET
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.tongues import Tongue, mark, tongue_of
from microcrm.http.desk import visitor
from microcrm.operations.billing.sharing import PublicBill, public_bill
from microcrm.operations.online.asking import LEAST_PAISE
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.bridge import perform

_K = DocumentKind
_TITLES = {
    _K.ESTIMATE: mark("Estimate"),
    _K.TAX_INVOICE: mark("Tax invoice"),
    _K.BILL_OF_SUPPLY: mark("Bill of supply"),
    _K.INVOICE_CUM_BILL: mark("Invoice-cum-bill of supply"),
    _K.PLAIN_BILL: mark("Bill"),
    _K.RECEIPT_VOUCHER: mark("Receipt voucher"),
    _K.REFUND_VOUCHER: mark("Refund voucher"),
    _K.CREDIT_NOTE: mark("Credit note"),
    _K.DEBIT_NOTE: mark("Debit note"),
}
_OF_UNREGISTERED = {
    _K.RECEIPT_VOUCHER: mark("Receipt for an advance"),
    _K.REFUND_VOUCHER: mark("Receipt for money given back"),
}


@for_customers
async def show_bill(request: Request) -> Response:
    await check_address(request, LINKS)
    found = await perform(visitor(request), public_bill, request.path_params["token"])
    return show(request, "bill.html", found.shop, headers=SECRET, **bill_page(request, found, tongue_of(request)))


@for_customers
async def show_bill_file(request: Request) -> Response:
    await check_address(request, LINKS)
    size: Size = "80mm" if request.query_params.get("size") == "80mm" else "A4"
    token = request.path_params["token"]

    def made(uow: UnitOfWork) -> tuple[bytes, str]:
        page = public_bill(uow, token).page
        return set_bill(page_of(page), size), page.number.replace("/", "-")

    data, name = await perform(visitor(request), made)
    headers = {
        **SECRET,
        "cache-control": "private, no-store",
        "x-robots-tag": "noindex",
        "content-disposition": f'inline; filename="{name}.pdf"',
    }
    return Response(data, media_type="application/pdf", headers=headers)


def bill_page(request: Request, found: PublicBill, tongue: Tongue) -> dict[str, Any]:
    page = found.page
    words, tone = status_words(page, found.due_on, found.today, tongue)
    printed = page_of(page)
    upi = printed["upi"]
    due = max(0, page.total + page.tip - page.paid) if page.kind in OWED else 0
    left_over = page.total - sum(line.amount for line in page.lines)
    return {
        "heading": f"{_title(page, tongue)} {page.number}",
        "standing": words,
        "tone": tone,
        "day": tongue.day(page.day) if page.day else "",
        "buyer": str(page.buyer.get("name", "")),
        "buyer_gstin": display_gstin(str(page.buyer.get("gstin", ""))),
        "seller_gstin": display_gstin(str(page.seller.get("gstin", ""))),
        "top": printed["top"],
        "lines": [_line(line, tongue) for line in page.lines],
        "taxes": _taxes(page, tongue),
        "round_off": tongue.rupees(left_over) if left_over else "",
        "total": tongue.rupees(page.total),
        "after": _after(page, tongue) if page.kind in OWED else [],
        "due": tongue.rupees(due) if due else "",
        "upi": upi,
        "code": Markup(qr_code(upi["link"])) if upi else "",  # noqa: S704 - our own drawing
        "bank": page.bank if due else "",
        "note": page.note,
        "terms": page.terms,
        "footer": page.footer,
        "file": f"/i/{request.path_params['token']}/bill.pdf",
        "pay": f"/i/{request.path_params['token']}/pay" if found.online and due >= LEAST_PAISE else "",
        "mode": found.online,
        "said": _came_back(request, bool(due), tongue),
    }


def _title(page: PageBill, tongue: Tongue) -> str:
    """Who is not registered gives receipts, not vouchers."""
    if page.registration is Registration.NONE and page.kind in _OF_UNREGISTERED:
        return tongue.say(_OF_UNREGISTERED[page.kind])
    return tongue.say(_TITLES[page.kind])


def _came_back(request: Request, is_due: bool, tongue: Tongue) -> tuple[str, str]:
    """What to say to somebody who comes from Razorpay's page, and its tone."""
    if not is_due:
        return "", ""
    if "paying" in request.query_params:
        return tongue.say(
            "Razorpay is being asked about your payment. Look again in a minute, and do not pay twice."
        ), "info"
    if "failed" in request.query_params:
        return tongue.say("The payment did not go through. Nothing was taken; you can try again."), "warn"
    return "", ""


def status_words(page: PageBill, due_on: date | None, today: date, tongue: Tongue) -> tuple[str, str]:
    """How it stands, and the tone of the sentence."""
    if page.state == "cancelled":
        return tongue.say("This bill is cancelled. There is nothing to pay."), "bad"
    if page.kind not in OWED:
        return "", ""
    if page.state == "paid":
        return tongue.say("Paid in full. Thank you."), "ok"
    if due_on is not None and due_on < today:
        day = tongue.day(due_on + timedelta(days=1))
        return tongue.say("Overdue since %(day)s.", day=day), "warn"
    if page.state == "part_paid":
        return tongue.say("Part of it is paid."), "info"
    if due_on is not None and due_on != page.day:
        return tongue.say("To be paid by %(day)s.", day=tongue.day(due_on)), "info"
    return tongue.say("Not paid yet."), "info"


def _line(line: PageLine, tongue: Tongue) -> dict[str, str]:
    many = "" if line.quantity == QUANTITY_ONE else f"{quantity(line.quantity)} × {tongue.rupees(line.price)}"
    less = tongue.say("%(amount)s less", amount=tongue.rupees(line.discount)) if line.discount else ""
    return {
        "name": line.description,
        "detail": " · ".join(part for part in (many, less) if part),
        "price": tongue.rupees(line.amount),
    }


def _taxes(page: PageBill, tongue: Tongue) -> list[tuple[str, str]]:
    """What of the total is tax, by head."""
    second = "UTGST" if page.heads == "cgst_utgst" else "SGST"
    rows = [("CGST", page.cgst), (second, page.sgst), ("IGST", page.igst)]
    taxes = [(name, tongue.rupees(paise)) for name, paise in rows if paise]
    return [(tongue.say("Taxable value"), tongue.rupees(page.taxable)), *taxes] if taxes else []


def _after(page: PageBill, tongue: Tongue) -> list[tuple[str, str]]:
    tip = [(tongue.say("Tip"), tongue.rupees(page.tip))] if page.tip else []
    paid = [(tongue.say("Received"), tongue.rupees(page.paid))] if page.paid else []
    advances = [
        (tongue.say("of it advance %(number)s", number=number), tongue.rupees(paise))
        for number, _, paise in page.advances
    ]
    return [*tip, *paid, *(advances if paid else [])]


ROUTES = (
    Route("/i/{token}", show_bill, methods=["GET"]),
    Route("/i/{token}/bill.pdf", show_bill_file, methods=["GET"]),
)
