"""Between the details and the visit, where the owner asks for it: six digits that were mailed to the visitor's address.

The form's fields travel along, so that it works without scripts and nothing has to be typed twice.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from microcrm import wiring
from microcrm.domain.booking_policy import CODE_MINUTES
from microcrm.http.book import traps
from microcrm.http.book.limits import check_codes
from microcrm.http.book.render import show
from microcrm.http.book.tongues import mark, tongue_of
from microcrm.http.desk import visitor
from microcrm.http.forms import Form
from microcrm.operations.booking_codes import ask_code, prove_email
from microcrm.operations.hold import ConfirmPublic
from microcrm.operations.public_shop import PublicShop
from microcrm.state.bridge import perform

CODE, AGAIN, EDIT = "code", "again", "edit"  # names in the form
WRONG = mark("That is not the code, or it is too old. Look at the newest e-mail, or have another one sent.")


def is_code_step(shop: PublicShop, form: Form) -> bool:
    """A code was typed: the phone was counted when the form was sent."""
    return shop.terms.is_code_needed and bool(form.get(CODE)) and not form.get(AGAIN)


async def is_right(request: Request, shop: PublicShop, form: Form) -> bool:
    """Whether the typed code is the one that was mailed; true as well where none was typed."""
    if not is_code_step(shop, form):
        return True
    token = request.path_params["token"]
    return await perform(visitor(request), prove_email, shop.slug, token, form.get("email"), form.get(CODE))


async def send_code(request: Request, shop: PublicShop, person: ConfirmPublic, fields: Any, values: Any) -> Response:
    """``fields``: (name, value) of all that was typed and chosen; ``values``: what the page shows of the booking.

    Raises: Invalid, LimitReached."""
    await check_codes(request, str(person.email).strip().lower())
    sent = await perform(visitor(request), ask_code, shop.slug, person)
    tongue = tongue_of(request)
    said = tongue.say("We have sent you a code") if sent.is_new else tongue.say("We have just sent you a code")
    return code_page(request, shop, fields, values | {"said": said})


def code_page(
    request: Request, shop: PublicShop, fields: Any, values: dict[str, Any], *, error: str = "", status: int = 200
) -> Response:
    tongue = tongue_of(request)
    own = {
        "carried": [*fields],
        "email": dict(fields).get("email", ""),
        "error": error,
        "lasts": tongue.count("It is good for %(num)s minute.", "It is good for %(num)s minutes.", CODE_MINUTES),
        "key": traps.new_key(wiring.now()),
        "go": values["go"],
        "said": "",
    }
    return show(request, "code.html", shop, status=status, **(values | own | {"said": values.get("said", "")}))
