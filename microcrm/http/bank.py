"""The statement of a bank, posted as a file by its page: files never pass through the socket."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.domain.bank_statement import LARGEST, BadStatement
from microcrm.domain.csv_file import FileFault
from microcrm.http.desk import account_of
from microcrm.http.forms import read_file, refuse_foreign
from microcrm.http.pages import answering, go
from microcrm.operations.billing.bank import take_statement
from microcrm.state.bridge import perform

_MOST_NAMED = 8  # rows that could not be read and are named on the page


@answering
async def submit_statement(request: Request) -> Response:
    """The page says what came of it, or what is wrong with the file."""
    refuse_foreign(request)
    actor = await account_of(request)
    data = await read_file(request, "statement", LARGEST)
    if data is None:
        return go(f"/bank?fault={FileFault.LARGE}")
    try:
        taken = await perform(actor, take_statement, data)
    except BadStatement as error:
        return go(f"/bank?fault={error.fault}")
    told = {"new": taken.new, "known": taken.known, "out": taken.went_out, "unread": len(taken.unread)}
    rows = ",".join(str(one.row) for one in taken.unread[:_MOST_NAMED])
    return go(f"/bank?{urlencode(told | ({'rows': rows} if rows else {}))}")


ROUTES = (Route("/bank/statement", submit_statement, methods=["POST"]),)
