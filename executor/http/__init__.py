"""What is spoken over HTTP: how a method's block becomes a request, and an answer a result."""
