"""The only list of screens: where each is, what it is called, who may open it, and what loads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.pages.customer import customer
from microcrm.pages.customers import customers
from microcrm.state.customer import CustomerPage
from microcrm.state.customers import Customers


@dataclass(frozen=True, slots=True)
class Screen:
    """One route. ``on_load`` runs after ``AppState.enter``; its handlers need the same permission as the screen."""

    path: str
    title: str
    page: Callable[[], rx.Component]
    needs: Permission
    on_load: tuple[Any, ...] = ()


SCREENS: tuple[Screen, ...] = (
    Screen("/customers", "Customers", customers, Permission.CUSTOMERS_VIEW, (Customers.load,)),
    Screen("/customer", "Customer", customer, Permission.CUSTOMERS_VIEW, (CustomerPage.load,)),
)
