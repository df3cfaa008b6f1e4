"""The bills of the customer on the screen: what is due, what is paid ahead, the latest ones."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from microcrm.domain.errors import NotFound
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.billing.accounts import CustomerMoney, customer_money
from microcrm.state.base import AppState
from microcrm.state.bill_rows import BillRow, row_of
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now


@dataclass(frozen=True)
class AccountView:
    """Words; "" where there is nothing."""

    customer_id: str = ""
    due: str = ""
    overdue: str = ""
    advance: str = ""
    billed: str = ""


class CustomerBills(AppState):
    is_read: bool = False
    account: AccountView = AccountView()
    bills: list[BillRow] = []

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """Nothing for those who see customers but no bills."""
        self.is_read, self.account, self.bills = False, AccountView(), []
        asked = self.router.url.query_parameters.get("id", "")
        if not asked or Permission.INVOICES_VIEW not in current_seat().actor.permissions:
            return
        try:
            money = await self._perform(customer_money, asked)
        except NotFound:  # the page says so
            return
        today = today_in(zone_of(current_seat().actor.zone), now())
        self.account, self.bills = account_of(money), [row_of(row, today) for row in money.rows]
        self.is_read = True


def account_of(money: CustomerMoney) -> AccountView:
    def words(paise: int) -> str:
        return format_rupees(paise) if paise else ""

    return AccountView(
        str(money.customer_id),
        words(money.due),
        words(money.overdue),
        words(money.advance),
        format_rupees(money.billed),
    )
