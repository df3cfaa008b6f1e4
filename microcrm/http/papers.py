"""Bills and statements as files: PDF on A4 or for the till roll, and the picture that the screen shows. Behind the same sign-in."""

from __future__ import annotations

from typing import Any, Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.adapters.paper.typeset import Size, set_bill, set_statement
from microcrm.domain.bill_page import amount, page_of
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.formatting import format_day
from microcrm.domain.money import format_rupees
from microcrm.http.desk import account_of
from microcrm.http.pages import answering
from microcrm.operations.billing.dues import Statement, statement
from microcrm.operations.billing.paper import bill_paper
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.bridge import perform

_PRIVATE = {"cache-control": "private, no-cache", "x-robots-tag": "noindex"}


@answering
async def show_pdf(request: Request) -> Response:
    size: Size = "80mm" if request.query_params.get("size") == "80mm" else "A4"
    data, name = await _file(request, size, "pdf")
    headers = {**_PRIVATE, "content-disposition": f'inline; filename="{name}.pdf"'}
    return Response(data, media_type="application/pdf", headers=headers)


@answering
async def show_picture(request: Request) -> Response:
    data, _ = await _file(request, "A4", "svg")
    return Response(data, media_type="image/svg+xml", headers=_PRIVATE)


async def _file(request: Request, size: Size, kind: Literal["pdf", "svg"]) -> tuple[bytes, str]:
    """The bytes, and a file name without anything personal."""
    document_id = request.path_params["id"]

    def made(uow: UnitOfWork) -> tuple[bytes, str]:
        bill = bill_paper(uow, document_id)
        return set_bill(page_of(bill), size, kind), (bill.number or "draft").replace("/", "-")

    try:
        return await perform(await account_of(request), made)
    except NotFound:
        raise HTTPException(404) from None


@answering
async def show_statement(request: Request) -> Response:
    """``from`` and ``to`` in the address, as on the screen."""
    query, customer_id = request.query_params, request.path_params["id"]

    def made(uow: UnitOfWork) -> bytes:
        return set_statement(statement_page(statement(uow, customer_id, query.get("from"), query.get("to"))))

    try:
        data = await perform(await account_of(request), made)
    except (NotFound, Invalid):
        raise HTTPException(404) from None
    headers = {**_PRIVATE, "content-disposition": 'inline; filename="statement.pdf"'}
    return Response(data, media_type="application/pdf", headers=headers)


def statement_page(found: Statement) -> dict[str, Any]:
    closing = format_rupees(abs(found.closing))
    return {
        "shop": found.shop,
        "name": found.name,
        "days": f"{format_day(found.first)} to {format_day(found.last)}",
        "opening": amount(found.opening),
        "closing": f"{closing} due" if found.closing > 0 else f"{closing} paid ahead" if found.closing else "Nothing due",
        "lines": [
            [
                format_day(line.day), f"{line.words} {line.number}".strip(), amount(line.debit) if line.debit else "",
                amount(line.credit) if line.credit else "", amount(line.balance),
            ]
            for line in found.lines
        ],
    }  # fmt: skip


ROUTES = (
    Route("/statement/{id:int}.pdf", show_statement, methods=["GET"]),
    Route("/invoice/{id:int}.pdf", show_pdf, methods=["GET"]),
    Route("/invoice/{id:int}.svg", show_picture, methods=["GET"]),
)
