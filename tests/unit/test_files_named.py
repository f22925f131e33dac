"""Which names are taken, and what do the refusals quote? Any text has an answer, and no answer has a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.files import Files, Unreachable, Unusable
from workers.settings import read_settings

FILES = Files(Path("/nowhere/at/all"))


@pytest.mark.parametrize(
    "named",
    [
        "http://example.com/ids.csv", "file:///etc/passwd", "ftp://example.com/ids.csv", "data:text/plain,1", "S3:/b/k",
        "https:example.com/ids.csv", "https:///ids.csv", "HTTP://example.com/ids.csv", " https://example.com/ids.csv",
        "user:hunter2@example.com/ids.csv",
    ],
)  # fmt: skip
def test_other_schemes_are_refused(named: str) -> None:
    with pytest.raises(Unusable) as raised:
        FILES.open(named)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ("https://example.com/day/ids.csv?X-Amz-Signature=hunter2", "ids.csv"),
        ("HTTPS://example.com/ids.csv#part", "ids.csv"),
        ("https://example.com/a%2Fb/ids%20all.csv.gz", "ids all.csv.gz"),
        ("s3://bucket/day/ids.csv", "ids.csv"),
        ("S3://bucket/ids?all#.csv", "ids?all#.csv"),
        ("gs://my_bucket.example.com/ids%20.csv", "ids%20.csv"),
    ],
)
def test_the_name_is_the_paths_last_part(named: str, name: str) -> None:
    source = FILES.open(named)
    assert (source.name, source.size) == (name, None)


@pytest.mark.parametrize(
    "named", ["https://example.com", "https://example.com/", "https://example.com/day/?a=/ids.csv"]
)
def test_a_url_of_a_folder_names_no_file(named: str) -> None:
    with pytest.raises(Unusable, match="has no name"):
        FILES.open(named)


@pytest.mark.parametrize(
    "named",
    [
        "https://user:hunter2@example.com/ids.csv", "https://hunter2@example.com/ids.csv", "https://:hunter2@[::1]/ids.csv",
        "https://hunter2\\@example.com/ids.csv", "https://user:hunter2@example.com:port/ids.csv",
        "https://example.com/hunter2\n.csv", "https://hunter2.\ud800/ids.csv",
        "https://" + "hunter2." * 40 + "com/ids.csv", "https://example.com:hunter2/ids.csv",
    ],
)  # fmt: skip
def test_a_url_that_holds_credentials_or_cannot_be_read_is_refused_and_not_quoted(named: str) -> None:
    with pytest.raises(Unusable) as raised:
        FILES.open(named)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "bucket",
    ["", "b", "evil.com#x", "evil.com?x", "a@b", "a:80", "Bucket", "a..b", "-ab", "ab.", "b%2f", "[::1]", "ü" * 5],
)
def test_a_bucket_that_no_bucket_can_be_called(bucket: str) -> None:
    for scheme in ("s3", "gs"):
        with pytest.raises(Unusable, match="no possible name"):
            FILES.open(f"{scheme}://{bucket}/ids.csv")


@pytest.mark.parametrize("named", ["s3:bucket/ids.csv", "s3:/bucket/ids.csv", "gs:x://bucket/ids.csv", "s3:"])
def test_a_bucket_comes_after_two_slashes(named: str) -> None:
    with pytest.raises(Unusable, match="no possible name"):
        FILES.open(named)


@pytest.mark.parametrize("key", ["", "day/", "/ids.csv", "day//ids.csv", "../ids.csv", "./ids.csv", "day/.."])
def test_a_key_that_would_be_read_as_another(key: str) -> None:
    with pytest.raises(Unusable, match="s3://bucket is missing, or has a part that is empty"):
        FILES.open(f"s3://bucket/{key}")


TEXTS = st.text() | st.builds(
    "{}{}".format, st.sampled_from(["https://", "s3://", "gs://", "https:", "/", "../"]), st.text()
)


@given(TEXTS)
def test_any_text_names_a_file_or_is_refused(named: str) -> None:
    try:
        answer = FILES.open(named).name
    except (Unusable, Unreachable) as refusal:
        answer = str(refusal)
    assert 0 < len(answer) < max(500, len(named) + 1)


def test_they_are_made_from_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Files.of(read_settings()) == Files(None, frozenset())
    monkeypatch.setenv("AUDIENCE_FILES_ROOT", str(tmp_path))
    monkeypatch.setenv("AUDIENCE_FILES_PRIVATE_HOSTS", "Minio.internal:9000, localhost,")
    assert Files.of(read_settings()) == Files(tmp_path, frozenset({"minio.internal:9000", "localhost"}))
