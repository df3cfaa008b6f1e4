"""Paying a bill online from its secret link: an order at Razorpay, its own checkout page, and the way back.

Nothing is believed because a browser says so: what it brings back is checked, and then only a reason to ask Razorpay.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.adapters.razorpay import REAL_URL
from microcrm.domain.errors import DomainError, GatewayRefused, KeysRefused, LimitReached, Upstream
from microcrm.http.book import look
from microcrm.http.book.limits import LINKS, check_address
from microcrm.http.book.manage import SECRET
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.tongues import asked_language, tongue_of
from microcrm.http.desk import visitor
from microcrm.http.forms import read_form
from microcrm.http.pages import go
from microcrm.operations.billing.sharing import business_of_bill, public_bill
from microcrm.operations.online.asking import Wanted, ask_by_public_page
from microcrm.operations.parts.online_mode import mode_of
from microcrm.operations.public_shop import PublicShop
from microcrm.settings import settings
from microcrm.state.bridge import perform
from microcrm.state.online import THANKS, look_up_order, made

CHECKOUT = "/v1/checkout/embedded"  # Razorpay's hosted checkout: a form of ours leads there, and no script of theirs comes here
_MOST_BYTES = 8 * 1024

log = structlog.get_logger()


@for_customers
async def pay(request: Request) -> Response:
    """From the bill's page to Razorpay's."""
    await check_address(request, LINKS)
    await read_form(request, needs_token=False)
    token = request.path_params["token"]
    asked = await perform(visitor(request), ask_by_public_page, token)
    found = await perform(visitor(request), public_bill, token)
    return await leave_for_checkout(
        request, asked, found.shop, f"/i/{token}", tongue_of(request).say("Back to the bill")
    )


async def leave_for_checkout(request: Request, asked: Wanted, shop: PublicShop, page: str, back_words: str) -> Response:
    """A form of ours that leads to Razorpay's page; ``page`` is where its customer comes back to."""
    try:
        wanted, keys = await made(asked)
    except (KeysRefused, GatewayRefused, LimitReached) as refused:  # the shop's matter, in words for its customer
        log.warning("checkout.refused", business_id=asked.business_id, reason=refused.code)
        raise Upstream("Paying online does not work just now.", remedy="Pay it another way, or ask the shop.") from None
    checkout = settings().sandbox_url if keys.is_sandbox else REAL_URL
    back, language = f"{settings().public_url}{page}", asked_language(request)
    more = f"?lang={language}" if language else ""
    fields = {
        "key_id": keys.key_id,
        "order_id": wanted.remote_id,
        "amount": str(wanted.amount),
        "currency": "INR",
        "name": shop.name,
        "description": wanted.description,
        "callback_url": f"{back}/paid{more}",
        "cancel_url": f"{back}{more}",
    }
    headers = {**SECRET, "content-security-policy": _leading_to(checkout)}
    amount = tongue_of(request).rupees(wanted.amount)
    return show(
        request, "checkout.html", shop, headers=headers, action=f"{checkout}{CHECKOUT}", fields=fields, amount=amount,
        mode=mode_of(keys.key_id, is_sandbox=keys.is_sandbox), page=f"{page}{more}", back_words=back_words,
    )  # fmt: skip


@for_customers
async def come_back(request: Request) -> Response:
    """Razorpay's page posts here through the customer's browser. Whatever it says, the bill's page tells how things stand."""
    await check_address(request, LINKS)
    token = request.path_params["token"]
    return await come_back_to(request, f"/i/{token}", await perform(visitor(request), business_of_bill, token))


async def come_back_to(request: Request, page: str, business_id: int) -> Response:
    """To ``page``, after a look at Razorpay if what the browser brings is signed."""
    said = await _said(request)
    ids = [said.get(f"razorpay_{name}", "") for name in ("order_id", "payment_id", "signature")]
    if all(ids):
        try:
            await look_up_order(business_id, *ids)
        except DomainError as error:  # the worker asks again within minutes
            log.warning("checkout.not_looked_up", reason=error.code)
    language = asked_language(request)
    return go(f"{page}{'?paying=1' if all(ids) else '?failed=1'}{f'&lang={language}' if language else ''}")


@for_customers
async def thanks(request: Request) -> Response:
    """Where a payment link of Razorpay's ends."""
    say = tongue_of(request).say
    title = say("Thank you")
    text = say("The shop is told by Razorpay once your payment has gone through. You may close this page.")
    return show(request, "problem.html", None, title=title, text=text)


def _leading_to(checkout: str) -> str:
    """The pages' policy, with a form that may leave for the checkout."""
    parts = urlsplit(checkout)
    return look.policy().replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")


async def _said(request: Request) -> dict[str, str]:
    """A form from another site, on purpose: it is signed, or it is worth nothing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return {}
    try:
        fields = parse_qsl(body.decode("ascii", "replace"), max_num_fields=40)
    except ValueError:
        return {}
    return {name: value[:200] for name, value in fields}


ROUTES = (
    Route("/i/{token}/pay", pay, methods=["POST"]),
    Route("/i/{token}/paid", come_back, methods=["POST"]),
    Route(THANKS, thanks, methods=["GET"]),
)
