"""Is a time span that we write one that we read?"""

from __future__ import annotations

import pytest

from workers.durations import seconds, written


@pytest.mark.parametrize(
    ("span_s", "text"), [(0, "0s"), (59, "59s"), (999_999, "999999s"), (2_592_001, "43200.017min")]
)
def test_a_written_span_is_read_as_what_it_was(span_s: int, text: str) -> None:
    assert written(span_s) == text
    assert seconds(text) == pytest.approx(span_s, abs=0.03)
