"""What stands open above the calendar when its page is loaded anew: the state outlives that, what was typed does not."""

from __future__ import annotations

from microcrm.state.base import AppState
from microcrm.state.booking_again import AgainForm
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_fee import FeeForm
from microcrm.state.booking_move import MoveForm
from microcrm.state.booking_new import NewBooking
from microcrm.state.booking_tell import Telling
from microcrm.state.class_move import ClassMove
from microcrm.state.class_new import NewClass
from microcrm.state.class_panel import ClassPanel
from microcrm.state.drop_ask import DropAsk
from microcrm.state.series_edit import SeriesEdit


async def close_left_open(calendar: AppState) -> None:
    """Close what the address does not name. At once and not by events of its own: those would come after what was pressed
    meanwhile, and close that."""
    asked = calendar.router.url.query_parameters
    kept = {Card: "booking" in asked, NewBooking: "new" in asked}
    for kind in (Card, NewBooking, NewClass, ClassPanel, ClassMove, DropAsk, SeriesEdit, MoveForm, AgainForm, Telling):
        if not kept.get(kind):
            (await calendar.get_state(kind)).is_open = False
    for asking in (CancelForm, FeeForm):
        (await calendar.get_state(asking)).form = ""
