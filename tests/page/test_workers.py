"""Processes are lost, and the page goes on."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tensorcalc.page import workers
from tensorcalc.page.worker import MOST_BYTES, answered
from tensorcalc.page.workers import Limits, Pool

# Stands in for a worker: says what it is told, or does what a worker must never do.
STAND_IN = """
import json, os, sys, time
print("ready", flush=True)
for line in sys.stdin:
    word = json.loads(line)
    if word == "sleep":
        time.sleep(3600)
    if word == "die":
        os.abort()
    if word == "memory":
        os._exit(3)
    print(json.dumps([word, os.getpid()]), flush=True)
"""


@contextmanager
def pool(**limits: int) -> Iterator[Pool]:
    found = Pool(Limits(**limits), [sys.executable, "-c", STAND_IN])
    try:
        yield found
    finally:
        found.close()


def asked(found: Pool, word: str) -> Any:
    return json.loads(found.ask(word))


def test_the_process_that_answered_last_answers_next() -> None:
    with pool(processes=2) as found:
        assert len({asked(found, "hello")[1] for _ in range(5)}) == 1


def test_what_takes_too_long_is_cut_off_and_the_next_is_answered() -> None:
    with pool(seconds=2, processes=1) as found:
        error = asked(found, "sleep")["error"]
        assert (error["code"], error["message"]) == ("TC431", "there was no answer within 2 seconds, and it was stopped")
        assert asked(found, "hello")[0] == "hello"


@pytest.mark.parametrize(("word", "code", "message"), [
    ("die", "TC434", "the process that computed this answer died, and another one is there now"),
    ("memory", "TC432", "the answer needs more than 512 MB, and it was stopped"),
])
def test_a_process_that_dies_is_replaced(word: str, code: str, message: str) -> None:
    with pool(processes=1, megabytes=512) as found:
        error = asked(found, word)["error"]
        assert (error["code"], error["message"]) == (code, message)
        assert asked(found, "hello")[0] == "hello"


def test_others_are_answered_while_one_takes_long() -> None:
    with pool(processes=2, seconds=3000) as found:
        late: list[bytes] = []
        slow = threading.Thread(target=lambda: late.append(found.ask("sleep")))
        slow.start()
        assert [asked(found, "hello")[0] for _ in range(5)] == ["hello"] * 5
        assert not late   # an hour has not passed
        found.close()
        slow.join()
        assert json.loads(late[0])["error"]["code"] == "TC434"


def test_what_nobody_waits_for_is_given_up() -> None:
    with pool(processes=1, seconds=3000) as found:
        assert json.loads(found.ask("sleep", lambda: True))["error"]["code"] == "TC433"   # before it began
        answers = iter([False])
        assert json.loads(found.ask("sleep", lambda: next(answers, True)))["error"]["code"] == "TC431"
        assert asked(found, "hello")[0] == "hello"


def test_a_process_is_replaced_before_it_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_ANSWERED", 2)
    with pool(processes=1) as found:
        ids = [asked(found, "hello")[1] for _ in range(4)]
        assert ids[0] == ids[1] != ids[2] == ids[3]


def test_closing_ends_all_processes() -> None:
    with pool(processes=2) as found:
        found.wait()
        assert asked(found, "hello")
        known = list(found._workers)
        found.close()
        assert known and all(worker._process.poll() is not None for worker in known)


def test_a_pool_without_processes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "START", 0.5)
    with pytest.raises(ValueError, match="no process of the page starts"):
        Pool(Limits(processes=1), [sys.executable, "-c", "pass"]).wait()


# -- real ones ---------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold a process to its memory")
def test_memory_is_limited() -> None:
    found = Pool(Limits(seconds=300, megabytes=256, processes=1))
    try:
        large = {"do": "evaluate", "expr": "sum(exp(kron(x x', y y')))", "values": {"x": [0.01] * 80, "y": [0.01] * 80}}
        error = json.loads(found.ask(large))["error"]
        assert (error["code"], error["help"]) == ("TC432", "ask for less, or start the page with more: tensorcalc serve --memory 4096")
        assert json.loads(found.ask({"do": "derive", "expr": "tr(A X)", "wrt": "X"}))["matrix"] == "A'"
    finally:
        found.close()


def test_an_answer_is_an_answer_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(answered(b'{"do": "derive"}'))["error"]["code"] == "TC505"
    monkeypatch.setattr("tensorcalc.page.worker.handle", lambda _: {"ok": True, "matrix": "x" * MOST_BYTES})
    assert json.loads(answered(b"{}"))["error"]["code"] == "TC416"
    monkeypatch.setattr("tensorcalc.page.worker.handle", lambda _: 1 / 0)
    assert json.loads(answered(b"{}"))["error"]["message"] == "an internal error: ZeroDivisionError: division by zero"
