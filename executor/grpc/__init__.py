"""What the `grpc` adapter is made of: its channel, the server's descriptors, the calls."""
