"""From a lease to a settled job: dispatch, attempt, outcome, verdict, settle."""
