"""The bare app's own configuration; found because its script runs in this folder."""

import reflex as rx

config = rx.Config(app_name="bare", telemetry_enabled=False, disable_plugins=[rx.plugins.SitemapPlugin])
