"""Pure Python that every room may use: no Django, no I/O except the log."""
