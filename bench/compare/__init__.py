"""The service beside what one would pick instead: ``python -m bench.compare`` measures all sides in one run.

Every side does the same with a job: takes it from the queue, holds it against the same pydantic models, sends one GET
to the stub with httpx, and puts the result onto a list of Redis. Each does it as its own documentation says
(``with_*.py``), on the same Valkey, with as many threads, and has the machine to itself while it is measured.
"""
