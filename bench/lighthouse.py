def measure(c): raise SystemExit
