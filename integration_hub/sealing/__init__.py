"""Encryption at rest: the keyring, the sealed column, key rotation."""
