"""The events' way out: from the outbox to the results exchange and the results stream."""
