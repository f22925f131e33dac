"""The service: from a job on a queue to an audience at a provider and an event on the results exchange."""
