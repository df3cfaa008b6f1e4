"""What a demo shop sells over the counter: its products, some on the bills of visits, deliveries when a shelf gets low."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from microcrm.demo.outline import Outline
from microcrm.demo.rows import Row, Rows
from microcrm.demo.setting import Opened
from microcrm.domain.documents import DocumentKind
from microcrm.domain.goods import ONE, Move
from microcrm.domain.taxbook import TaxClass
from microcrm.domain.zones import INDIA, to_instant, to_wall, zone_of
from microcrm.models.billing import Document, DocumentLine
from microcrm.operations.billing.pricing import ReadLine

_FIRST = timedelta(days=37)  # the first delivery came before the first bill of the demo
_BROKE = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Moved:
    at: datetime
    product: int  # place in the list
    quantity: int  # pieces
    document_id: int


class Shelf:
    """``batch``: how many come whenever too few are left; without it a product is left to run low."""

    def __init__(self, rows: Rows, outline: Outline, shop: Opened, now: datetime, desk: int) -> None:
        self.rows, self.shop, self.now, self.desk = rows, shop, now, desk
        self.facts: dict[str, Any] = outline.facts["products"]
        self.products: list[dict[str, Any]] = self.facts["list"]
        self.rng = Random(f"{outline.key} retail")  # noqa: S311 - the same sales each time
        self.moves: list[Moved] = []
        names = ("name", "barcode", "hsn", "unit", "tax_class")
        self.ids = rows.add("products", [
            {"business_id": shop.business_id, **{name: one[name] for name in names}, "price_paise": one["price"] * 100,
             "is_price_with_tax": True, "low_at": one["low"] * ONE, "stock": 0, "cost_paise": one["cost"] * 100,
             "is_active": True, "version": 1}
            for one in self.products
        ])  # fmt: skip

    def taken_along(self) -> list[ReadLine]:
        """The line of whoever takes something home from a visit; mostly nothing."""
        if self.rng.random() >= self.facts["share"]:
            return []
        place = self.rng.randrange(len(self.products))
        product = self.products[place]
        return [
            ReadLine(
                description=product["name"],
                sac=product["hsn"],
                tax_class=TaxClass(product["tax_class"]),
                quantity=ONE * (2 if self.rng.random() < 0.1 else 1),
                price_paise=product["price"] * 100,
                discount_bp=0,
                discount_paise=0,
                is_with_tax=True,
                service_id=None,
                member_id=self.desk,
                booking_item_id=None,
                product_id=self.ids[place],
                unit=product["unit"],
            )
        ]

    def move(self, document: Document, document_id: int, lines: Sequence[DocumentLine]) -> None:
        """Remember what a document moves: a note over a whole bill brings its goods back."""
        turn = 1 if document.kind == DocumentKind.CREDIT_NOTE else -1
        self.moves += [
            Moved(document.created_at, self.ids.index(line.product_id), turn * line.quantity // ONE, document_id)
            for line in lines
            if line.product_id is not None
        ]

    def write(self) -> None:
        """All movements in the order of time, and what is left of each product."""
        by_product: dict[int, list[Moved]] = defaultdict(list)
        for one in sorted(self.moves, key=lambda one: (one.at, one.document_id)):
            by_product[one.product].append(one)
        stories = [list(self._story(place, by_product[place])) for place in range(len(self.products))]
        whole = sorted((row for story in stories for row in story), key=lambda row: (row["at"], row["product_id"]))
        self.rows.add("stock_movements", whole)
        self.rows.update("products", [
            {"id": product_id, "stock": story[-1]["stock_after"]} for product_id, story in zip(self.ids, stories, strict=True)
        ])  # fmt: skip

    def _story(self, place: int, moves: Sequence[Moved]) -> Iterator[Row]:
        product = self.products[place]
        zone = zone_of(INDIA)
        begun = to_instant(to_wall(self.now - _FIRST, zone)[0], 11 * 60 + place, zone)
        stock = product.get("first") or product["batch"]
        yield self._row(place, Move.RECEIVED, stock, stock, begun)
        last, broke = begun, self.now - _BROKE
        for one in moves:
            if place == 0 and last < broke <= one.at:
                stock -= 1
                noticed = max(last + timedelta(minutes=1), one.at - timedelta(minutes=20))
                yield self._row(place, Move.DAMAGED, -1, stock, noticed, note="Leaking bottle")
            if "batch" in product and stock + one.quantity < product["low"]:
                stock += product["batch"]
                came = max(last + timedelta(minutes=1), one.at - timedelta(hours=3))
                yield self._row(place, Move.RECEIVED, product["batch"], stock, came)
            stock += one.quantity
            kind = Move.SOLD if one.quantity < 0 else Move.RETURNED
            yield self._row(place, kind, one.quantity, stock, one.at, document_id=one.document_id)
            last = one.at

    def _row(
        self,
        place: int,
        kind: Move,
        pieces: int,
        after: int,
        at: datetime,
        *,
        document_id: int | None = None,
        note: str = "",
    ) -> Row:
        is_delivery = kind is Move.RECEIVED
        return {
            "business_id": self.shop.business_id, "product_id": self.ids[place], "kind": kind, "quantity": pieces * ONE,
            "stock_after": after * ONE, "at": at, "member_id": self.desk, "document_id": document_id,
            "cost_paise": self.products[place]["cost"] * 100 if is_delivery else None,
            "note": self.facts["supplier"] if is_delivery else note,
        }  # fmt: skip
