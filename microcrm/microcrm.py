"""Composition root: what Reflex runs."""

from __future__ import annotations

from functools import partial

import reflex as rx
from reflex_base.config import get_config
from reflex_base.registry import RegistrationContext
from reflex_components_core.base.error_boundary import ErrorBoundary
from starlette.applications import Starlette

from microcrm.components.feedback import crash
from microcrm.http.edge import Edge
from microcrm.http.guard import PageGuard
from microcrm.http.routes import routes
from microcrm.http.sockets import SocketGuard, SocketLimits
from microcrm.pages.not_found import not_found
from microcrm.settings import settings
from microcrm.sitemap import SCREENS
from microcrm.state.base import AppState
from microcrm.state.bell import Bell
from microcrm.state.crashes import on_browser_crash, on_event_crash
from microcrm.state.gate import Gate
from microcrm.state.keeping import keep_tabs
from microcrm.state.live import keep_fresh
from microcrm.state.wire import write_quickly
from microcrm.wiring import listener

STYLESHEETS = [
    f"styles/{name}.css"
    for name in (
        "tokens",
        "base",
        "shell",
        "parts",
        "forms",
        "tables",
        "overlays",
        "board",
        "calendar",
        "classes",
        "today",
        "queue",
        "records",
        "person",
        "customer",
        "vault",
        "bills",
        "returns",
        "imports",
        "settings",
    )
]
HEAD = [
    rx.el.link(
        rel="preload",
        href="/fonts/inter-latin-5.3.0.woff2",
        custom_attrs={"as": "font", "type": "font/woff2", "crossOrigin": "anonymous"},
    ),
    rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
    rx.el.link(rel="apple-touch-icon", href="/icons/app-192.png"),
    rx.el.link(rel="manifest", href="/manifest.webmanifest"),
    rx.el.meta(name="theme-color", content="#0f766e"),
]

app = rx.App(
    html_lang="en-IN",
    stylesheets=STYLESHEETS,
    head_components=HEAD,
    # Our own notices and offline ribbon replace Reflex's toaster and overlay, which need eval and print the server's address.
    toaster=None,
    app_wraps={(55, "ErrorBoundary"): lambda _: ErrorBoundary.create(fallback_render=rx.Var.create(crash()))},
    backend_exception_handler=on_event_crash,
    frontend_exception_handler=on_browser_crash,
    # Each wraps what stands before it, so the socket guard is outermost.
    api_transformer=[
        Starlette(routes=routes()),
        partial(PageGuard, paths=[screen.path for screen in SCREENS]),
        partial(Edge, public_url=settings().public_url),
        partial(
            SocketGuard,
            origins=get_config().cors_allowed_origins,
            limits=SocketLimits.of(settings().events_per_second, settings().sockets_per_address),
            proxy_hops=settings().trusted_proxy_hops,
            known=RegistrationContext.get().event_handlers,
        ),
    ],
)
write_quickly(app)
keep_tabs(app)
app.add_middleware(Gate(AppState))
keep_fresh(app)
app.register_lifespan_task(listener().run)

for screen in SCREENS:
    app.add_page(
        screen.page,
        route=screen.path,
        title=f"{screen.title} · MicroCRM",
        description=f"{screen.title}: your shop in MicroCRM.",
        on_load=[AppState.enter, *screen.on_load, Bell.load],
    )
app.add_page(not_found, route="404", title="Not found · MicroCRM", description="There is nothing at this address.")
