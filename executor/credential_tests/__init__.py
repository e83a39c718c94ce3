"""`POST /instances/{ref}/credentials/test`: asked for by a web process, run by a worker."""
