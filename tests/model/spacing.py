"""Was a permit rightly given, or refused? What the answers of permit.lua are held against: a list of moments."""

from __future__ import annotations

from expected import Expected
from observed import AHEAD_US, WHOLE
from turns import limited_by, spacings, surely_free
from values import Job, Lane, Lease

from workers.lanes.state import Permitted, Record, Refusal, Refused


def check_permit(model: Expected, record: Record, number: int, answer: Permitted | Refused, *, changes: bool) -> None:
    """Hold one answer against the model, and write the permit down."""
    job = model.held(record.key, record.fence)
    if job is None or job.lease is None:
        assert answer == Refused(Refusal.LOST, 0.0)
    elif job.lease.asked >= number:
        assert isinstance(answer, Permitted)
        assert (answer.wait_s, answer.timed) == (max(0, job.lease.permit_at - model.now) / 1e6, True)
    elif (until := max(model.paused_until(job.account), model.paused_until(WHOLE))) > model.now:
        assert answer == Refused(Refusal.PAUSED, (until - model.now) / 1e6)
    elif _comes_too_late(model, job, job.lease):
        assert answer == Refused(Refusal.PAUSED, 0.0)
    elif isinstance(answer, Refused):
        _check_refusal(model, job, job.lease, answer)
    else:
        _check_permit(model, job, answer)
        _write_down(model, job, job.lease, number, round(answer.wait_s * 1e6), changes=changes)


def _comes_too_late(model: Expected, job: Job, lease: Lease) -> bool:
    """The breaker opened since the job was handed out, and nothing was sent yet."""
    return model.lane(job.account).open_until is not None and not lease.probe and lease.asked == 0


def _check_refusal(model: Expected, job: Job, lease: Lease, answer: Refused) -> None:
    held = not surely_free(model, job)
    if answer.why is Refusal.EXPIRED:
        assert job.expires_at > 0
        assert held or job.expires_at <= model.now
        return
    assert answer.why is Refusal.LIMITED
    assert held, "a limit that nobody uses holds nobody"
    assert round(answer.wait_s * 1e6) > AHEAD_US
    model.renew(job, lease, model.now)


def _check_permit(model: Expected, job: Job, answer: Permitted) -> None:
    wait, limited = round(answer.wait_s * 1e6), list(limited_by(model, job))
    assert answer.timed == bool(limited)
    assert 0 <= wait <= AHEAD_US
    assert not job.expires_at or model.now + wait < job.expires_at
    if surely_free(model, job):
        assert wait == 0
    for lane in limited:
        _check_spacing(lane, model.now + wait)


def _check_spacing(lane: Lane, at: int) -> None:
    """One more permit at ``at``: no window of one period holds more of them than the limit allows."""
    since = [moment for moment in lane.permits if moment >= lane.limited_since] + [at]
    for limit in lane.limits:
        allowed = limit.count if limit.burst == 1 else limit.count + limit.burst
        period = round(limit.period_s * 1e6)
        for begin in since:
            assert sum(begin <= moment < begin + period for moment in since) <= allowed, f"more than {limit}"
    for interval, burst in spacings(lane):
        if burst == 1:
            nearest = min((abs(at - moment) for moment in lane.permits), default=interval)
            assert nearest >= interval, "permits bunch up"


def _write_down(model: Expected, job: Job, lease: Lease, number: int, wait: int, *, changes: bool) -> None:
    at = model.now + wait
    for lane in limited_by(model, job):
        lane.permits = [*lane.permits[-50:], at]
        lane.last_use = max(lane.last_use, at)
    lease.asked, lease.permit_at = number, at
    model.renew(job, lease, at)
    if changes:
        lease.changed, job.changed_at = True, at
