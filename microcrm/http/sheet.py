"""The day sheet: a page to print and pin up."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.http.desk import account_of
from microcrm.http.pages import answering, page
from microcrm.operations.day_sheet import day_sheet
from microcrm.state.bridge import perform


@answering
async def show_sheet(request: Request) -> Response:
    sheet = await perform(await account_of(request), day_sheet, request.query_params.get("date"))
    return page(request, "day_sheet.html", sheet=sheet)


ROUTES = (Route("/calendar/sheet", show_sheet, methods=["GET"]),)
