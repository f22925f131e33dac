"""Is a Mintegral request signed as the Token page's example, with one reading of the clock?"""

from __future__ import annotations

import time

import pytest
from calls import call_to

from workers.config import Secret
from workers.http import Call
from workers.providers.mintegral.config import MintegralAccount
from workers.providers.mintegral.signature import signed, token

API_KEY = "ce4f7c2b8edb173e2533d7a169080504"  # the Token page's own example, as is the access key below
ACCESS_KEY = "1d801c3346a97e25369abf5278118794"


def test_the_pages_example() -> None:
    assert token(API_KEY, 1471256697) == "378d387c2b61462cf4bc62b3949111f3"


def test_the_headers_carry_the_time_that_was_signed(call: Call) -> None:
    began = int(time.time())
    headers = signed(call)()
    assert began <= int(headers["timestamp"]) <= time.time()
    assert headers["token"] == token(API_KEY, int(headers["timestamp"]))
    assert headers["access-key"] == ACCESS_KEY


def test_the_api_key_never_travels(call: Call) -> None:
    assert API_KEY not in " ".join(signed(call)().values())


def test_keys_and_signature_are_secrets(call: Call) -> None:
    headers = signed(call)()
    assert call.secrets == {API_KEY, ACCESS_KEY, headers["token"]}


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("MINTEGRAL_TEST_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("MINTEGRAL_TEST_API_KEY", API_KEY)
    account = MintegralAccount(
        access_key=Secret(env="MINTEGRAL_TEST_ACCESS_KEY"), api_key=Secret(env="MINTEGRAL_TEST_API_KEY")
    )
    return call_to("http://127.0.0.1:1", account)
