"""Paying ahead for a visit from its secret link: to Razorpay's page and back."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.http.book.limits import LINKS, check_address
from microcrm.http.book.pay import come_back_to, leave_for_checkout
from microcrm.http.book.render import for_customers
from microcrm.http.book.tongues import tongue_of
from microcrm.http.desk import visitor
from microcrm.http.forms import read_form
from microcrm.operations.online.deposits import ask_for_deposit, business_of_visit
from microcrm.operations.public_visit import public_visit
from microcrm.state.bridge import perform


@for_customers
async def pay_ahead(request: Request) -> Response:
    """From the visit's page to Razorpay's."""
    await check_address(request, LINKS)
    await read_form(request, needs_token=False)
    token = request.path_params["token"]
    asked = await perform(visitor(request), ask_for_deposit, token)
    visit = await perform(visitor(request), public_visit, token)
    back_words = tongue_of(request).say("Back to the visit")
    return await leave_for_checkout(request, asked, visit.shop, f"/m/{token}", back_words)


@for_customers
async def come_back(request: Request) -> Response:
    """Whatever Razorpay's page says through the customer's browser, the visit's page tells how things stand."""
    await check_address(request, LINKS)
    token = request.path_params["token"]
    return await come_back_to(request, f"/m/{token}", await perform(visitor(request), business_of_visit, token))


ROUTES = (
    Route("/m/{token}/pay", pay_ahead, methods=["POST"]),
    Route("/m/{token}/paid", come_back, methods=["POST"]),
)
