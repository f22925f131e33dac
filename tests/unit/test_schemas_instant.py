"""How a moment is written on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.instant import read, write


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T20:04:05Z", datetime(2026, 11, 21, 20, 4, 5, tzinfo=UTC)),
        ("2026-11-21t20:04:05z", datetime(2026, 11, 21, 20, 4, 5, tzinfo=UTC)),
        ("2026-11-21T20:04:05-00:00", datetime(2026, 11, 21, 20, 4, 5, tzinfo=UTC)),
        ("2026-11-21T20:04:05+05:30", datetime(2026, 11, 21, 14, 34, 5, tzinfo=UTC)),
        ("2026-11-21T20:04:05.5Z", datetime(2026, 11, 21, 20, 4, 5, 500_000, tzinfo=UTC)),
        ("2026-11-21T20:04:05.1234567891Z", datetime(2026, 11, 21, 20, 4, 5, 123_456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_rfc_3339_is_read_as_utc(text: str, moment: datetime) -> None:
    assert read(text) == moment
    assert read(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-21",
        "2026-11-21T20:04:05",
        "2026-11-21 20:04:05Z",
        "2026-11-21T20:04Z",
        "2026-11-21T20:04:05+0100",
        "2026-11-21T20:04:05+24:00",
        "2026-11-21T20:04:05.Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T20:04:61Z",
        "2025-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:60Z",
        "2026-11-21T20:04:05Z\n",
        "٢026-11-21T20:04:05Z",
        "1763755445",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any sentence will do; the model says its own
        read(text)


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones() | st.none()))
def test_what_is_written_is_read_back_to_the_millisecond(moment: datetime) -> None:
    if moment.tzinfo is None:
        with pytest.raises(ValueError, match="with its offset"):
            write(moment)
    elif 1 < moment.year < 9999:
        assert timedelta(0) <= moment - read(write(moment)) < timedelta(milliseconds=1)


def test_we_write_utc() -> None:
    vienna = timezone(timedelta(hours=1))
    assert write(datetime(2026, 11, 21, 21, 4, 5, 123_999, tzinfo=vienna)) == "2026-11-21T20:04:05.123Z"
