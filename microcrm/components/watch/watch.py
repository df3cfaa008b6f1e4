"""Tells the server what only the browser knows: how much room there is, and that somebody is still looking."""

from __future__ import annotations

import reflex as rx
from reflex_base.event import no_args_event_spec, passthrough_event_spec

_JSX = rx.asset("watch.jsx", shared=True)


class Watch(rx.Component):
    """``on_size`` gets phone, tablet or desktop at once and when that changes; ``on_pulse`` comes every ``seconds`` and
    when the tab is looked at again, never from a hidden tab."""

    library = _JSX.importable_path
    tag = "Watch"

    seconds: rx.Var[int]

    on_size: rx.EventHandler[passthrough_event_spec(str)]
    on_pulse: rx.EventHandler[no_args_event_spec]


watch = Watch.create
