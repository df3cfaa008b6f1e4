"""The ten named hues for services and staff (ux.md 3.1). Only the names live here; what they look like is CSS."""

COLOURS = ("teal", "indigo", "amber", "rose", "sky", "lime", "violet", "orange", "emerald", "slate")
