"""Lists of customers come in as files, and what was left out of them goes back as one."""

from __future__ import annotations

from typing import IO

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.adapters.sheets import write_csv
from microcrm.domain.csv_file import FileFault
from microcrm.domain.customer_file.faults import LARGEST, BadCustomerFile
from microcrm.domain.permissions import Permission
from microcrm.http.desk import account_of
from microcrm.http.forms import Upload, read_upload, refuse_foreign
from microcrm.http.made_file import made_file
from microcrm.http.pages import answering, go
from microcrm.operations.customer_imports.looking import rows_left_out
from microcrm.operations.customer_imports.receiving import receive_file
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.bridge import perform


@answering
async def submit_customers(request: Request) -> Response:
    """On to the page of the import; what is wrong with the file by its first bytes is said where it was chosen."""
    refuse_foreign(request)
    actor = await account_of(request)
    if Permission.CUSTOMERS_IMPORT not in actor.allowed:  # before anything is read
        await perform(actor, _take, Upload(b""))
    upload = await read_upload(request, "customers", LARGEST)
    try:
        import_id = await perform(actor, _take, upload)
    except BadCustomerFile as error:
        return go(f"/customers/import?fault={error.fault}")
    return go(f"/customers/import?id={import_id}")


def _take(uow: UnitOfWork, upload: Upload | None) -> int:
    uow.require(Permission.CUSTOMERS_IMPORT)
    if upload is None:
        raise BadCustomerFile(FileFault.LARGE)
    return receive_file(uow, upload.data, upload.name, wiring.sealer())


@answering
async def left_out(request: Request) -> Response:
    """The rows that did not get in, and why."""

    def write(uow: UnitOfWork, out: IO[bytes]) -> str:
        sheet = rows_left_out(uow, request.path_params["id"], wiring.sealer())
        write_csv(out, sheet.columns, sheet.rows)
        return sheet.name

    return await made_file(request, write, "text/csv; charset=utf-8")


ROUTES = (
    Route("/customers/import/file", submit_customers, methods=["POST"]),
    Route("/customers/import/{id:int}/left-out.csv", left_out, methods=["GET"]),
)
