"""The embedded server: a real Valkey that this service starts where no server is configured."""
