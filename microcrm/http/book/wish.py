"""What a visitor wants, as it travels from step to step in the address: services, people, seats.

``s=3&s=5`` are services, ``w5=12`` says that member 12 shall do service 5, ``seats=2`` is for a class. What the shop does
not sell (any more) is dropped, so that an old link still leads somewhere sensible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from microcrm.operations.public_shop import Doer, PublicService, PublicShop

MOST_SERVICES = 6  # in one visit
MOST_SEATS = 6  # that one visitor may take in a class
ANYBODY = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """``members`` goes with ``services``: one id each, or nobody in particular. Never empty unless nothing was chosen."""

    services: tuple[PublicService, ...]
    members: tuple[int | None, ...]
    seats: int = 1

    @property
    def is_empty(self) -> bool:
        return not self.services

    @property
    def group_class(self) -> PublicService | None:
        """The class, which is booked by itself."""
        return next((service for service in self.services if service.is_class), None)

    @property
    def is_mixed(self) -> bool:
        return self.group_class is not None and len(self.services) > 1

    @property
    def has_choice_of_people(self) -> bool:
        return any(len(service.doers) > 1 and not service.is_class for service in self.services)

    @property
    def asked(self) -> tuple[tuple[int, int | None], ...]:
        """As ``free_times`` wants it."""
        return tuple((service.id, member) for service, member in zip(self.services, self.members, strict=True))

    def doer(self, place: int) -> Doer | None:
        """Who does the service at ``place``: the chosen person, or the only one there is."""
        service, wanted = self.services[place], self.members[place]
        if wanted is None:
            return service.doers[0] if len(service.doers) == 1 else None
        return next(doer for doer in service.doers if doer.member_id == wanted)

    def price(self, place: int) -> int:
        """Paise, with tax, all seats."""
        doer = self.doer(place)
        return self.seats * (self.services[place].price_paise if doer is None else doer.price_paise)

    def minutes_of(self, place: int) -> int:
        doer = self.doer(place)
        return self.services[place].minutes if doer is None else doer.minutes

    @property
    def total_paise(self) -> int:
        return sum(self.price(place) for place in range(len(self.services)))

    @property
    def is_from(self) -> bool:
        """Whether the total can still grow with whoever is free."""
        return any(service.is_from and self.doer(place) is None for place, service in enumerate(self.services))

    @property
    def minutes(self) -> int:
        return sum(self.minutes_of(place) for place in range(len(self.services)))

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values of the form fields, or of the address, that say all this."""
        pairs = [("s", str(service.id)) for service in self.services]
        pairs += [
            (f"w{service.id}", str(member))
            for service, member in zip(self.services, self.members, strict=True)
            if member is not None
        ]
        return [*pairs, ("seats", str(self.seats))] if self.group_class else pairs

    def with_seats(self, seats: int) -> Wish:
        return replace(self, seats=seats)

    def address(self, path: str, **more: str) -> str:
        pairs = [*self.fields, *((name, value) for name, value in more.items() if value)]
        return f"{path}?{urlencode(pairs)}" if pairs else path


def read_wish(shop: PublicShop, wanted: Iterable[str], rest: Mapping[str, str]) -> Wish:
    """``wanted``: the values of ``s``; ``rest``: the other fields."""
    ids = dict.fromkeys(number for number in map(_number, wanted) if number)
    found = [service for service_id in ids if (service := shop.service(service_id)) is not None]
    services = tuple(found[:MOST_SERVICES])
    members = tuple(_member(service, rest.get(f"w{service.id}", ANYBODY)) for service in services)
    is_class = any(service.is_class for service in services)
    seats = min(max(_number(rest.get("seats", "")) or 1, 1), MOST_SEATS) if is_class else 1
    return Wish(services, members, seats)


def wait_address(shop: PublicShop, wish: Wish, language: str, day: str = "") -> str:
    """Where to wait for this wish; "" where the shop keeps no list, or has nobody who does it."""
    may_wait = shop.terms.is_waitlist_on and any(service.doers for service in wish.services)
    return wish.address(f"/b/{shop.slug}/wait", lang=language, day=day) if may_wait else ""


def _member(service: PublicService, raw: str) -> int | None:
    number = _number(raw)
    return number if any(doer.member_id == number for doer in service.doers) and not service.is_class else None


def _number(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else None
