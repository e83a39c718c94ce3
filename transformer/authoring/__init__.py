"""Writing a transform: rules proposed from samples, faults placed in the text, results compared."""
