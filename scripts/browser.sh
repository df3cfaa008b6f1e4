#!/bin/sh
# The browser tests drive a Chromium. Use the one that is here; else install one.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if ls "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}"/chromium-*/ >/dev/null 2>&1; then exit 0; fi

echo "No Chromium found, installing one ..."
as_root=""
if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
if command -v apt-get >/dev/null 2>&1 && { [ -z "$as_root" ] || sudo -n true 2>/dev/null; }; then
    if $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends chromium fonts-liberation >/dev/null; then exit 0; fi
fi
if .venv/bin/python -m playwright install chromium; then exit 0; fi
echo "The browser tests need Chromium: install it (Debian: apt-get install chromium) and run 'make test' again." >&2
exit 1
