"""The state of every job, in Redis: lanes, leases, limits, pauses. Nothing here knows Celery."""
