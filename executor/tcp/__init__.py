"""What adapters with a connection of their own have in common."""
