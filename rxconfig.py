"""Reflex's own configuration. The address comes from the environment: `microcrm.launch.frontend` sets it."""

import os
from urllib.parse import urlsplit

import reflex as rx

from microcrm.plugins.same_origin import SameOriginPlugin

ORIGIN = os.environ.get("MICROCRM_ORIGIN", "http://localhost:8000")
# On one's own machine both names of it are typed; a public address has exactly one.
_LOOPBACK = {"localhost", "127.0.0.1"}
_at = urlsplit(ORIGIN)
ORIGINS = (
    [_at._replace(netloc=f"{name}:{_at.port}").geturl() for name in sorted(_LOOPBACK)]
    if _at.hostname in _LOOPBACK
    else [ORIGIN]
)

config = rx.Config(
    app_name="microcrm",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    # The first that a browser accepts wins, so the smaller comes first.
    frontend_compression_formats=["brotli", "gzip"],
    frontend_lazy_bundled_libraries=True,
    cors_allowed_origins=ORIGINS,
    # Milliseconds. Twice as long as a worker keeps a tab's state (webserver.py): one that has fallen seconds behind can
    # still write it.
    redis_lock_expiration=30_000,
    plugins=[SameOriginPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
