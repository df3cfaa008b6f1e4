import reflex as rx

config = rx.Config(app_name="bare", app_module_import="bare", telemetry_enabled=False, plugins=[rx.plugins.RadixThemesPlugin(enabled=False)])
