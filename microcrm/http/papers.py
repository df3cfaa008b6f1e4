"""Bills as files: PDF on A4 or for the till roll, and the picture that the screen shows. Behind the same sign-in."""

from __future__ import annotations

from typing import Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.adapters.paper.typeset import Size, set_bill
from microcrm.domain.bill_page import page_of
from microcrm.domain.errors import NotFound
from microcrm.http.desk import account_of
from microcrm.http.pages import answering
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


ROUTES = (
    Route("/invoice/{id:int}.pdf", show_pdf, methods=["GET"]),
    Route("/invoice/{id:int}.svg", show_picture, methods=["GET"]),
)
