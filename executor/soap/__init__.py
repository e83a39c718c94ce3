"""What the `soap` adapter is made of: WSDLs, exact values, envelopes, answers."""
