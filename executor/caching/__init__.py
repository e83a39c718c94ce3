"""Answers of read methods, kept for `cache_seconds`: `entries` holds them, `serving` uses them."""
