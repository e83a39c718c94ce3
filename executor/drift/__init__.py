"""Results that no longer fit their schema, where an instance takes them as they are.

`seen` counts them by method and field, `proposal` says what schema would fit.
"""
