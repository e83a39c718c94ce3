"""How accepted work gets run, whatever dies: nudge, claim, drain, reconcile, pace, watch.

The execution row is the truth; a queued task is only a hint that there may be work.
"""
