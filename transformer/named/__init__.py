"""Transforms with a name and versions, which methods use by reference."""
