"""Failed calls grouped into what is wrong: `normal` is pure, `groups` reads the log."""
