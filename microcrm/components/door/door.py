"""The ways from the app to pages that the server renders."""

from __future__ import annotations

import reflex as rx

_JSX = rx.asset("door.jsx", shared=True)


class Door(rx.Component):
    """Loads the address anew when it begins with one of ``paths``, as after ``rx.redirect("/sign-in")``; else its children."""

    library = _JSX.importable_path
    tag = "Door"

    paths: rx.Var[list[str]]


class Leave(rx.Component):
    """Goes to ``to`` once it is on the screen, and says with ``?next=`` where to come back to."""

    library = _JSX.importable_path
    tag = "Leave"

    to: rx.Var[str]


door = Door.create
leave = Leave.create
