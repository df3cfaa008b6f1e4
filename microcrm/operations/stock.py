"""Stock that somebody notes by hand: what was there at first, a delivery, a count, what the shop used, what broke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.goods import MOVE_WORDS, Move, format_quantity, parse_quantity
from microcrm.domain.permissions import Permission
from microcrm.models.products import Product
from microcrm.models.records import Undo
from microcrm.operations.parts.rows import find
from microcrm.operations.parts.stock import move_stock_of
from microcrm.operations.parts.terms import read_price
from microcrm.operations.unit_of_work import UnitOfWork

MOST_HELD = 10**10  # thousandths: a crore of pieces
BY_HAND = (Move.RECEIVED, Move.COUNTED, Move.USED, Move.DAMAGED)
_TAKES_OFF = (Move.USED, Move.DAMAGED)


@dataclass(frozen=True, slots=True)
class NoteStock:
    """As typed. ``quantity``: of a count how many there are, else how many came in or went. ``cost``: of one, only of what was
    received. ``note``: the supplier, or why; needed where stock is corrected."""

    product_id: Any
    kind: Any
    quantity: Any
    cost: Any = ""
    note: Any = ""


@dataclass(frozen=True, slots=True)
class StockNoted:
    label: str
    stock: int
    undo: str


def note_stock(uow: UnitOfWork, command: NoteStock) -> StockNoted:
    """``NotFound`` for another shop's product. Two who note at once both count: the second waits for the first."""
    uow.require(Permission.CATALOGUE_EDIT)
    fields = Reader()
    kind = Move(fields.choice("kind", command.kind, "What happened", [one.value for one in BY_HAND]) or Move.RECEIVED)
    least = 0 if kind is Move.COUNTED else 1
    nothing: int | None = None
    typed = fields.by("quantity", parse_quantity, command.quantity, least=least, instead=nothing)
    if typed is None:
        fields.refuse("quantity", "Quantity is needed.")
    cost = read_price(fields, "cost", command.cost) if kind is Move.RECEIVED else None
    label = "Supplier" if kind is Move.RECEIVED else "Reason"
    note = fields.text("note", command.note, label, limit=200, required=kind is not Move.RECEIVED)
    fields.done()
    product = find(uow, Product, command.product_id)
    quantity = _change(kind, typed or 0, product.stock)
    if abs(product.stock + quantity) > MOST_HELD:
        raise Invalid(fields={"quantity": "That is more than any shop can hold."})
    return _note(uow, product, kind, quantity, cost, note)


def open_stock(uow: UnitOfWork, product: Product, quantity: int, cost: int | None, note: str) -> StockNoted:
    """What was there when the shop began to count; a step of operations that have asked, for a product without movements."""
    return _note(uow, product, Move.OPENING, quantity, cost, note)


def _change(kind: Move, typed: int, stock: int) -> int:
    if kind is Move.COUNTED:
        return typed - stock
    return -typed if kind in _TAKES_OFF else typed


def _note(uow: UnitOfWork, product: Product, kind: Move, quantity: int, cost: int | None, note: str) -> StockNoted:
    before = {"quantity": quantity, "cost_paise": product.cost_paise, "noted_cost_paise": cost}
    movement = move_stock_of(uow, product, kind, quantity, cost_paise=cost, note=note)
    uow.session.flush()
    words = f"{product.name}: {MOVE_WORDS[kind].lower()}, {format_quantity(product.stock)} in stock"
    event = uow.audit(f"stock.{kind}", "product", product.id, quantity=quantity, stock=product.stock)
    token = uow.undoable(words, "stock", product.id or 0, before=before, audit_event_id=event)
    return StockNoted(words, movement.stock_after, str(token))


def put_stock_back(uow: UnitOfWork, undo: Undo) -> None:
    """For undo: the opposite movement, whatever was sold in between. The cost goes back unless a later delivery set another."""
    before = undo.before or {}
    product = find(uow, Product, undo.entity_id)
    move_stock_of(uow, product, Move.UNDONE, -int(before["quantity"]), note=undo.label[:200])
    if before["noted_cost_paise"] is not None and product.cost_paise == before["noted_cost_paise"]:
        product.cost_paise = before["cost_paise"]
    uow.session.flush()
