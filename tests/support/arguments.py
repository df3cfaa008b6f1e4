"""Arguments for any handler: plausible in shape, and every id in them belongs to one given shop."""

from __future__ import annotations

import inspect
from typing import Any

from tests.support.shops import Role, Shop

FIELDS = (
    "id", "version", "name", "phone", "email", "address", "birthday", "tags", "notes", "note", "role", "kind", "day", "date",
    "time", "starts_on", "ends_on", "start", "end", "reason", "member_id", "customer_id", "service_id", "category_id",
    "resource_id", "booking_id", "to", "to_member_id", "taker", "who", "customer", "service", "staff", "member", "status",
    "price", "duration", "minutes", "slug", "zone", "gstin", "city", "state_code", "pin", "legal_name", "year", "colour",
)  # fmt: skip


def ids_of(shop: Shop) -> dict[str, str]:
    """Whose name says what it names; everything else gets the customer's."""
    member = str(shop.members[Role.STAFF])
    return {
        "member": member, "member_id": member, "person_id": member, "staff": member, "to": member, "to_member_id": member,
        "taker": member, "service": str(shop.service_id), "service_id": str(shop.service_id),
        "category_id": str(shop.category_id), "resource_id": str(shop.resource_id), "booking_id": str(shop.booking_id),
        "item_id": str(shop.booking_item_id), "day": "2026-12-07", "date": "2026-12-07", "time": "10:00", "start": "10:00",
        "end": "11:00", "name": "Crawled", "version": "1", "role": "staff", "phone": "98860 44444",
        "starts_on": "2026-12-07", "ends_on": "2026-12-08", "email": "crawled@example.in", "id": str(shop.customer_id),
    }  # fmt: skip


def payload_for(handler: Any, shop: Shop) -> dict[str, Any]:
    ids = ids_of(shop)
    other = str(shop.customer_id)

    def value(name: str, hint: str) -> Any:
        if hint == "int":
            return int(other)
        if hint in {"Moved", "Slot"}:
            old = {
                "id": ids["item_id"],
                "start": "2026-11-25T11:00",
                "end": "2026-11-25T11:45",
                "staff": [ids["staff"]],
            }
            staff = [ids["staff"]] if hint == "Moved" else ids["staff"]
            return {
                **old,
                "start": "2026-12-07T10:00",
                "end": "2026-12-07T10:45",
                "staff": staff,
                "old": old,
                "via": "mouse",
            }
        if "dict" in hint:
            return {field: ids.get(field, other) for field in FIELDS}
        return ids.get(name, other)

    return {
        name: value(name, str(parameter.annotation))
        for name, parameter in inspect.signature(inspect.unwrap(handler)).parameters.items()
        if name not in {"self", "state"}
    }
