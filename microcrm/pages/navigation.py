"""The places of the navigation, in order. Who may see which is checked against the sitemap by a law test."""

from __future__ import annotations

from microcrm.components.layout import Place
from microcrm.domain.permissions import Permission

NAVIGATION: tuple[Place, ...] = (
    Place("/today", "Today", "sun", Permission.SHOP_VIEW),
    Place("/calendar", "Calendar", "calendar_days", Permission.CALENDAR_OWN),
    Place("/queue", "Queue", "list_ordered", Permission.CALENDAR_OWN),
    Place("/waitlist", "Waiting list", "hourglass", Permission.CALENDAR_ALL),
    Place("/customers", "Customers", "users", Permission.CUSTOMERS_VIEW),
    Place("/inbox", "Inbox", "message_circle", Permission.MESSAGES_VIEW),
    Place("/invoices", "Bills", "receipt_indian_rupee", Permission.INVOICES_VIEW),
    Place("/returns", "GST returns", "landmark", Permission.RETURNS_VIEW),
    Place("/activity", "Activity", "history", Permission.ACTIVITY_VIEW),
    Place("/settings", "Settings", "settings", Permission.SHOP_VIEW),
)
