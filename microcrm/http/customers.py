"""Lists of customers as files. Behind the sign-in, for those who may take lists away; who took which is in the log."""

from __future__ import annotations

from typing import IO

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.adapters.sheets import write_csv, write_xlsx
from microcrm.domain.customer_file.cards import card_of
from microcrm.domain.errors import Invalid
from microcrm.http.made_file import made_file
from microcrm.http.pages import answering
from microcrm.operations.customer_choice import Choice
from microcrm.operations.customer_export import FileKind, export_cards, export_customers
from microcrm.operations.customer_list import ListCustomers
from microcrm.operations.unit_of_work import UnitOfWork

_ASKED = ("query", "show", "tag", "segment")
_TYPES = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.CARDS: "text/vcard; charset=utf-8",
}


@answering
async def customers_as_csv(request: Request) -> Response:
    return await _file(request, FileKind.CSV)


@answering
async def customers_as_xlsx(request: Request) -> Response:
    return await _file(request, FileKind.XLSX)


@answering
async def customers_as_cards(request: Request) -> Response:
    return await _file(request, FileKind.CARDS)


async def _file(request: Request, kind: FileKind) -> Response:
    """``?ids=1,2,3``, or the search of the list; ``&fields=phone,email``, or all."""
    choice, fields = _choice(request), _listed(request, "fields")

    def write(uow: UnitOfWork, out: IO[bytes]) -> str:
        if kind is FileKind.CARDS:
            out.writelines(card_of(one).encode() for one in export_cards(uow, choice, fields))
        else:
            sheet = export_customers(uow, choice, fields, kind)
            if kind is FileKind.XLSX:
                write_xlsx(out, "Customers", sheet.columns, sheet.rows)
            else:
                write_csv(out, sheet.columns, sheet.rows)
        return f"customers.{kind}"

    try:
        return await made_file(request, write, _TYPES[kind])
    except Invalid as refusal:
        raise HTTPException(400, refusal.message or "These customers cannot be found.") from None


def _choice(request: Request) -> Choice:
    ids = _listed(request, "ids")
    if ids is not None:
        return Choice(ids)
    query, show, tag, segment = (request.query_params.get(name, "") for name in _ASKED)
    return Choice(listed=ListCustomers(query, show=show, tag=tag, segment=segment))


def _listed(request: Request, name: str) -> list[str] | None:
    if name not in request.query_params:
        return None
    return [one for one in request.query_params[name].split(",") if one]


ROUTES = (
    Route("/customers.csv", customers_as_csv, methods=["GET"]),
    Route("/customers.xlsx", customers_as_xlsx, methods=["GET"]),
    Route("/customers.vcf", customers_as_cards, methods=["GET"]),
)
