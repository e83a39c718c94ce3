"""Answers that are no documents: streamed to a file store, with a handle as the result.

`spool` takes the bytes as they come, `store` keeps them through Django's storage
API, `reading` says who may have them back.
"""
