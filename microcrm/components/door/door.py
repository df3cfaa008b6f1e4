"""The way from the app to pages that the server renders: ``rx.redirect("/sign-in")`` ends here."""

from __future__ import annotations

import reflex as rx

_JSX = rx.asset("door.jsx", shared=True)


class Door(rx.Component):
    """Reloads the address when it begins with one of ``paths``; shows its children otherwise."""

    library = _JSX.importable_path
    tag = "Door"

    paths: rx.Var[list[str]]


door = Door.create
