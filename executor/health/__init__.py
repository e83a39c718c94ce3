"""The health of instances: checked when due, judged by a state machine, kept as history.

`state`, `latency` and `tally` are pure; `checks` finds what is due and has it made,
`call` and `reach` make a check, `recording` writes what came of it, `silences` says
when nobody is told.
"""
