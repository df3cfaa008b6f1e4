"""Lists of customers as files. Behind the sign-in, for those who may take lists away; who took which is in the log."""

from __future__ import annotations

from typing import IO

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.adapters.sheets import write_csv
from microcrm.domain.errors import Invalid
from microcrm.http.made_file import made_file
from microcrm.http.pages import answering
from microcrm.operations.customer_choice import Choice
from microcrm.operations.customer_export import export_customers
from microcrm.operations.customer_list import ListCustomers
from microcrm.operations.unit_of_work import UnitOfWork

_ASKED = ("query", "show", "tag", "segment")


@answering
async def customers_as_csv(request: Request) -> Response:
    """``?ids=1,2,3``, or the search of the list."""
    ids = [one for one in request.query_params.get("ids", "").split(",") if one]
    query, show, tag, segment = (request.query_params.get(name, "") for name in _ASKED)
    listed = ListCustomers(query, show=show, tag=tag, segment=segment)
    choice = Choice(ids) if "ids" in request.query_params else Choice(listed=listed)

    def write(uow: UnitOfWork, out: IO[bytes]) -> str:
        sheet = export_customers(uow, choice)
        write_csv(out, sheet.columns, sheet.rows)
        return "customers.csv"

    try:
        return await made_file(request, write, "text/csv; charset=utf-8")
    except Invalid as refusal:
        raise HTTPException(400, refusal.message or "These customers cannot be found.") from None


ROUTES = (Route("/customers.csv", customers_as_csv, methods=["GET"]),)
