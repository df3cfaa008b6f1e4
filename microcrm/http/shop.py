"""What a screen of the app posts as a plain form: the logo's file, and looking as another member."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.domain.pictures import LARGEST_LOGO, logo_fault
from microcrm.http.desk import account_of, in_accounts
from microcrm.http.forms import read_file, read_form, refuse_foreign
from microcrm.http.pages import answering, go
from microcrm.operations import business, view_as
from microcrm.operations.business import SaveLogo
from microcrm.state.bridge import perform


@answering
async def show_logo(request: Request) -> Response:
    """The picture of the shop that is on the screen, under the type that its content has."""
    found = await perform(await account_of(request), business.logo)
    if found is None:
        raise HTTPException(404)
    data, kind = found
    return Response(data, media_type=kind, headers={"cache-control": "private, max-age=3600"})


@answering
async def submit_logo(request: Request) -> Response:
    """Keeps a good picture; otherwise the page says what is wrong with it."""
    refuse_foreign(request)
    actor = await account_of(request)
    data = await read_file(request, "logo", LARGEST_LOGO)
    fault = "large" if data is None else logo_fault(data)
    if data is None or fault:
        return go(f"/settings/business?logo={fault}")
    await perform(actor, business.save_logo, SaveLogo(data))
    return go("/settings/business?logo=saved")


@answering
async def start_viewing(request: Request) -> Response:
    form = await read_form(request, needs_token=False)
    await in_accounts(await account_of(request), view_as.start, form.get("member"))
    return go("/today")


@answering
async def stop_viewing(request: Request) -> Response:
    await read_form(request, needs_token=False)
    await in_accounts(await account_of(request), view_as.stop)
    return go("/settings/members")


ROUTES = (
    Route("/settings/logo", show_logo, methods=["GET"]),
    Route("/settings/logo", submit_logo, methods=["POST"]),
    Route("/view-as", start_viewing, methods=["POST"]),
    Route("/view-as/stop", stop_viewing, methods=["POST"]),
)
