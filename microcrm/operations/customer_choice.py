"""The customers that something is done to at once: those that were ticked, or all that a list shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from microcrm.domain.fields import Reader
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.customer_list import ListCustomers, narrowed
from microcrm.operations.customer_search import cleaned, near_words
from microcrm.operations.unit_of_work import UnitOfWork

MOST_TICKED = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """``ids`` of customers; without any, all of ``listed``, whatever its page."""

    ids: Any = ()
    listed: ListCustomers | None = None


def chosen(uow: UnitOfWork, choice: Choice) -> list[ColumnElement[bool]]:
    """Conditions on ``customers``; ids of other businesses and of customers that this person may not see match nobody."""
    ours: list[Any] = [Customer.business_id == uow.business_id, visible_customers(uow.actor)]
    if choice.listed is None or choice.ids:
        reader = Reader()
        ids = reader.ids("ids", choice.ids, "Customers", limit=MOST_TICKED)
        reader.done()
        return [*ours, Customer.id.in_(ids)]
    listed = choice.listed
    archived = Customer.archived_at
    ours.append(archived.is_not(None) if listed.show == "archived" else archived.is_(None))
    exact = [*ours, *narrowed(uow, listed)]
    query = cleaned(listed.query)
    if not query or uow.session.execute(select(Customer.id).where(*exact).limit(1)).first() is not None:
        return exact
    return [*ours, *narrowed(uow, listed, near_words(uow, query))]
