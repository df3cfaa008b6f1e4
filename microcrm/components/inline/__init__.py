"""One field of a page, changed where it stands."""
