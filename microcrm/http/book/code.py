"""Between the details and the visit, where the owner asks for it: six digits that were sent to the visitor's phone or e-mail address.

The form's fields travel along, so that it works without scripts and nothing has to be typed twice.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from microcrm import wiring
from microcrm.domain.booking_policy import CODE_MINUTES, CodeWay
from microcrm.http.book import traps
from microcrm.http.book.limits import check_codes
from microcrm.http.book.render import show
from microcrm.http.book.tongues import mark, tongue_of
from microcrm.http.desk import visitor
from microcrm.http.forms import Form
from microcrm.operations.booking_codes import ask_code, prove
from microcrm.operations.hold import ConfirmPublic
from microcrm.operations.public_shop import PublicShop
from microcrm.settings import settings
from microcrm.state.bridge import perform

CODE, AGAIN, EDIT = "code", "again", "edit"  # names in the form
_WRONG = {
    CodeWay.PHONE: mark(
        "That is not the code, or it is too old. Look at the newest message, or have another one sent."
    ),
    CodeWay.EMAIL: mark("That is not the code, or it is too old. Look at the newest e-mail, or have another one sent."),
}
_TITLES = {CodeWay.PHONE: mark("The code from your phone"), CodeWay.EMAIL: mark("The code from your e-mail")}
_MISSING = {
    CodeWay.PHONE: mark("Not there? It can take a minute. Is the number right?"),
    CodeWay.EMAIL: mark("Not there? Look among unwanted mail as well."),
}


def is_code_step(shop: PublicShop, form: Form) -> bool:
    """A code was typed: the phone was counted when the form was sent."""
    return shop.code_way is not None and bool(form.get(CODE)) and not form.get(AGAIN)


async def is_right(request: Request, shop: PublicShop, form: Form, person: ConfirmPublic) -> bool:
    """Whether the typed code is the one that was sent; true as well where none was typed."""
    if not is_code_step(shop, form):
        return True
    return await perform(visitor(request), prove, shop.slug, person, form.get(CODE))


async def send_code(request: Request, shop: PublicShop, person: ConfirmPublic, fields: Any, values: Any) -> Response:
    """``fields``: (name, value) of all that was typed and chosen; ``values``: what the page shows of the booking.

    Raises: Invalid, LimitReached."""
    to = person.phone if shop.code_way is CodeWay.PHONE else person.email
    await check_codes(request, shop.slug, "".join(str(to).split()).lower())
    sent = await perform(visitor(request), ask_code, shop.slug, person, settings().link_key)
    tongue = tongue_of(request)
    said = tongue.say("We have sent you a code") if sent.is_new else tongue.say("We have just sent you a code")
    return code_page(request, shop, fields, values | {"said": said})


def code_page(
    request: Request, shop: PublicShop, fields: Any, values: dict[str, Any], *, is_wrong: bool = False
) -> Response:
    tongue, way = tongue_of(request), shop.code_way or CodeWay.EMAIL
    own = {
        "carried": [*fields],
        "title": tongue.say(_TITLES[way]),
        "missing": tongue.say(_MISSING[way]),
        "to": dict(fields).get("phone" if way is CodeWay.PHONE else "email", ""),
        "error": tongue.say(_WRONG[way]) if is_wrong else "",
        "lasts": tongue.count("It is good for %(num)s minute.", "It is good for %(num)s minutes.", CODE_MINUTES),
        "key": traps.new_key(wiring.now()),
        "go": values["go"],
        "said": "",
    }
    return show(
        request, "code.html", shop, status=422 if is_wrong else 200, **(values | own | {"said": values.get("said", "")})
    )
