"""Files of a return. Behind the sign-in, for those who may see returns; who took which is in the log."""

from __future__ import annotations

from typing import IO

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.adapters.sheets import write_csv, write_xlsx
from microcrm.domain.errors import NotFound
from microcrm.http.desk import account_of
from microcrm.http.made_file import PRIVATE, made_file
from microcrm.http.pages import answering
from microcrm.operations.returns.einvoices import e_invoice
from microcrm.operations.returns.gstr1 import WriteGstr1, write_gstr1
from microcrm.operations.returns.registers import SHEETS, Sheet, sheet
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import settings
from microcrm.state.bridge import perform

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@answering
async def gstr1_file(request: Request) -> Response:
    command = WriteGstr1(request.path_params["period"], settings().gstr_version, _gstin(request))
    return await made_file(
        request, lambda uow, out: f"{write_gstr1(uow, command, orjson.dumps, out)}.json", "application/json"
    )


@answering
async def sheet_as_csv(request: Request) -> Response:
    def write(uow: UnitOfWork, out: IO[bytes]) -> str:
        found = _sheet(uow, request)
        write_csv(out, found.columns, found.rows)
        return f"{_name(request)}-{found.period.key}.csv"

    return await made_file(request, write, "text/csv; charset=utf-8")


@answering
async def sheet_as_xlsx(request: Request) -> Response:
    def write(uow: UnitOfWork, out: IO[bytes]) -> str:
        found = _sheet(uow, request)
        write_xlsx(out, f"{found.title} {found.period.key}", found.columns, found.rows)
        return f"{_name(request)}-{found.period.key}.xlsx"

    return await made_file(request, write, _XLSX)


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    if name not in SHEETS:
        raise HTTPException(404)
    return name


def _gstin(request: Request) -> str:
    """Of the shop's GSTINs, for a period in which it had more than one."""
    return request.query_params.get("gstin", "")[:15]


def _sheet(uow: UnitOfWork, request: Request) -> Sheet:
    return sheet(uow, request.path_params["period"], _name(request), _gstin(request))


@answering
async def e_invoice_file(request: Request) -> Response:
    try:
        form, number = await perform(await account_of(request), e_invoice, request.path_params["id"])
    except NotFound:
        raise HTTPException(404) from None
    name = f"INV-01-{number.replace('/', '-')}.json"
    headers = {**PRIVATE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(orjson.dumps(form), media_type="application/json", headers=headers)


ROUTES = (
    Route("/invoice/{id:int}/e-invoice.json", e_invoice_file, methods=["GET"]),
    Route("/returns/{period}/gstr1.json", gstr1_file, methods=["GET"]),
    Route("/returns/{period}/{name}.csv", sheet_as_csv, methods=["GET"]),
    Route("/returns/{period}/{name}.xlsx", sheet_as_xlsx, methods=["GET"]),
)
