"""Where circuits, buckets and slots are kept: Redis, the database, or this process alone."""
