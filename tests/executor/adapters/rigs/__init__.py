"""One module for each adapter, of its name: `rig()` gives its rig, a context manager."""
