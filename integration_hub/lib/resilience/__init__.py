"""The resilience core: pure decisions from (state, window, now).

Pipeline, outermost first: total deadline, retry, circuit, rate limit and
concurrency, attempt timeout, call (docs/adr/0005). Stores live in
integration_hub/coordination.
"""
