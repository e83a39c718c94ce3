"""What the `sftp` adapter is made of: its paths, its session, its operations."""
