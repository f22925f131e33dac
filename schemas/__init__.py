"""What crosses a queue: jobs, the providers' payloads, events and dead letters."""
