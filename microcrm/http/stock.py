"""Lists of products and reports of the stock as files: read in, and written."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.adapters.sheets import write_csv, write_xlsx
from microcrm.domain.csv_file import FileFault
from microcrm.domain.formatting import format_count
from microcrm.domain.goods_list import LARGEST, BadList
from microcrm.domain.sheet import SheetColumn
from microcrm.http.desk import account_of
from microcrm.http.forms import read_file, refuse_foreign
from microcrm.http.pages import answering, go, page
from microcrm.operations.product_list import Outcome, Verdict, headings_of_list, rows_of_list, take_list
from microcrm.operations.stock_report import COLUMNS, MOVEMENT_COLUMNS, movement_sheet, stock_sheet
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.bridge import perform

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PRIVATE = {"cache-control": "private, no-store", "x-robots-tag": "noindex", "x-content-type-options": "nosniff"}
_WORDS = {
    Outcome.ADDED: ("Added", "ok"),
    Outcome.CHANGED: ("Changed", "info"),
    Outcome.SAME: ("Nothing different", "neutral"),
    Outcome.REFUSED: ("Not taken", "bad"),
}


@answering
async def submit_list(request: Request) -> Response:
    """A page with a verdict on each row; what is wrong with the file as a whole is said where it was chosen."""
    refuse_foreign(request)
    actor = await account_of(request)
    data = await read_file(request, "list", LARGEST)
    try:
        verdicts = await perform(actor, _take, data)
    except BadList as error:
        return go(f"/settings/products?fault={error.fault}")
    rows = [(one.row, one.name, *_WORDS[one.outcome], one.words) for one in sorted(verdicts, key=_worst_first)]
    return page(request, "product_list.html", rows=rows, summary=_summary(verdicts))


def _take(uow: UnitOfWork, data: bytes | None) -> tuple[Verdict, ...]:
    if data is None:
        raise BadList(FileFault.LARGE)
    return take_list(uow, data)


def _worst_first(one: Verdict) -> tuple[bool, int]:
    return one.outcome is not Outcome.REFUSED, one.row


def _summary(verdicts: Sequence[Verdict]) -> str:
    """Like "12 products added, 2 changed, 3 not taken"."""
    counts = [(words, sum(one.outcome is kind for one in verdicts)) for kind, (words, _) in _WORDS.items()]
    return f"{format_count(len(verdicts), 'row')}: " + ", ".join(
        f"{count} {words.lower()}" for words, count in counts if count
    )


@answering
async def list_file(request: Request) -> Response:
    """What is on sale, as ``submit_list`` reads it again."""
    columns = [SheetColumn(words) for words in headings_of_list()]

    def write(uow: UnitOfWork, out: io.BytesIO) -> str:
        write_csv(out, columns, rows_of_list(uow))
        return "products.csv"

    return await _file(request, write, "text/csv; charset=utf-8")


@answering
async def report_file(request: Request) -> Response:
    """What each product came to, or each movement, of the days that are asked for."""
    name, kind = request.path_params["name"], request.path_params["kind"]
    if name not in _SHEETS or kind not in ("csv", "xlsx"):
        raise HTTPException(404)
    title, columns, read = _SHEETS[name]
    asked = request.query_params.get("from"), request.query_params.get("to")

    def write(uow: UnitOfWork, out: io.BytesIO) -> str:
        first, last, rows = read(uow, *asked)
        if kind == "xlsx":
            write_xlsx(out, title, columns, rows)
        else:
            write_csv(out, columns, rows)
        return f"{title.lower().replace(' ', '-')}-{first}-{last}.{kind}"

    return await _file(request, write, _XLSX if kind == "xlsx" else "text/csv; charset=utf-8")


_SHEETS = {
    "report": ("Stock", COLUMNS, stock_sheet),
    "movements": ("Stock movements", MOVEMENT_COLUMNS, movement_sheet),
}


async def _file(request: Request, write: Callable[[UnitOfWork, io.BytesIO], str], media_type: str) -> Response:
    """At most some thousand products, and a year of their movements: in memory. ``write`` gives its name."""
    out = io.BytesIO()
    name = await perform(await account_of(request), lambda uow: write(uow, out))
    headers = {**_PRIVATE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(out.getvalue(), media_type=media_type, headers=headers)


ROUTES = (
    Route("/settings/products/list", submit_list, methods=["POST"]),
    Route("/settings/products/list.csv", list_file, methods=["GET"]),
    Route("/stock/{name}.{kind}", report_file, methods=["GET"]),
)
