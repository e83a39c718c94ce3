"""Executions of more than one request: pages that belong together, jobs that are looked after.

`followup` is the contract; one module for each kind; `progress` keeps what a run
that has to wait knows, sealed, until a worker takes it up again.
"""
