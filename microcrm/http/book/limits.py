"""How much one address or one phone may do on the public pages. Whole market streets share an address in India."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from microcrm.adapters.limits import Limit, are_within, network_of
from microcrm.domain.errors import LimitReached
from microcrm.http.desk import visitor

LOOKS = Limit("book-looks", 600, 300)  # free times asked for
HOLDS = Limit("book-holds", 60, 600)
CONFIRMS = Limit("book-confirms", 60, 3600)
PHONE = Limit("book-phone", 12, 24 * 3600)  # bookings with one phone at one shop
CODES = Limit("book-codes", 30, 3600)  # codes asked for
CODES_TO = Limit("book-codes-to", 8, 3600)  # to one phone or address, whichever shop asks
CODES_OF = Limit("book-codes-of", 300, 3600)  # of one shop, which pays for them
LINKS = Limit("book-links", 300, 600)  # secret links opened, right or wrong


async def check_address(request: Request, limit: Limit) -> None:
    """Raises: LimitReached."""
    await _check((limit, _network(request)))


async def check_phone(shop: str, phone: str) -> None:
    """The same for a phone that is known to the shop and one that is not. Raises: LimitReached."""
    await _check((PHONE, f"{shop} {phone}"))


async def check_booking(request: Request, shop: str, phone: str) -> None:
    """The address, and the phone if there is one, the same whether the shop knows it or not. Raises: LimitReached."""
    counted = [(CONFIRMS, _network(request)), *([(PHONE, f"{shop} {phone}")] if phone else [])]
    await _check(*counted)


async def check_codes(request: Request, shop: str, to: str) -> None:
    """The address asked from, the shop, and where the code goes. Raises: LimitReached."""
    await _check((CODES, _network(request)), (CODES_OF, shop), (CODES_TO, to))


def _network(request: Request) -> str:
    return network_of(visitor(request).address)


async def _check(*counted: tuple[Limit, str]) -> None:
    if not await asyncio.to_thread(are_within, *counted):
        raise LimitReached("That is more than we allow at once.", remedy="Wait a little and try again.")
