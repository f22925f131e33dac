"""The ways in: from the bytes of a message to a stored job or a rejection. One file a way."""
