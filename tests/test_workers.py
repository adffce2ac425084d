"""Long computations in processes of their own: the same picture, the same errors."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dgmlib.ui import boot, catalogue, links, picture, spec, workers

PAGE, VIEW = "gaussian_mixture", "basin"


@pytest.fixture(scope="module")
def started() -> Iterator[None]:
    workers.start()
    yield
    workers.stop()


def texts(**values: Any) -> dict[str, str]:
    return links.query(spec.of(PAGE).params(view=VIEW, **values))


def test_a_worker_makes_the_same_picture(started: None) -> None:
    """Mutants: the parameters are left at their defaults; the view is the first one."""
    p = spec.of(PAGE).params(view=VIEW, k=2, seed=5, covariance="diag")
    here = picture.computed(spec.of(PAGE).views[VIEW], p)
    _, items = workers.make(PAGE, VIEW, links.query(p))
    assert items == here.items
    assert items != workers.make(PAGE, VIEW, texts(k=2, seed=6, covariance="diag"))[1]


def test_an_error_says_the_same(started: None) -> None:
    """Mutants: errors cross as objects (CollapseError cannot be unpickled and ends the pool)."""
    with pytest.raises(ValueError, match=r"not between 1 and 8"):
        workers.make(PAGE, VIEW, texts() | {"k": "99"})
    assert len(workers.make(PAGE, VIEW, texts(k=2))[1]) == 2


def test_a_killed_worker_is_replaced(started: None) -> None:
    """Mutant: a broken pool is kept, so that every later reader gets an error."""
    assert workers._pool is not None
    for pid in list(workers._pool._processes):
        os.kill(pid, signal.SIGKILL)
    assert len(workers.make(PAGE, VIEW, texts(k=2))[1]) == 2
    assert workers.running()


def test_slow_views_go_to_the_workers_and_quick_ones_stay(
    started: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: everything is sent, or nothing is."""
    sent: list[str] = []

    def noted(page: str, chosen: str, given: dict[str, str]) -> Any:
        sent.append(chosen)
        return workers._here(page, chosen, given)

    monkeypatch.setattr(workers, "make", noted)
    monkeypatch.setattr(picture, "_slow", {(PAGE, VIEW)})
    page = spec.of(PAGE)
    for view, seed in (("you", 7001), (VIEW, 7002)):
        picture.rendered(page, view, page.params(view=view, seed=seed, k=2))
    assert sent == [VIEW]


def test_without_workers_no_more_slow_views_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant: the gate is left out."""
    running, most = [], []

    def job(*_: Any) -> picture.Rendered:
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()
        return picture.Rendered((), [])

    monkeypatch.setattr(workers, "running", lambda: False)
    monkeypatch.setattr(picture, "_slow", {(PAGE, VIEW)})
    monkeypatch.setattr(picture, "computed", job)
    monkeypatch.setattr(picture, "_gate", threading.BoundedSemaphore(2))
    page = spec.of(PAGE)

    def read(seed: int) -> None:
        picture.rendered(page, VIEW, page.params(view=VIEW, seed=seed))

    readers = [threading.Thread(target=read, args=(8000 + i,)) for i in range(8)]
    for r in readers:
        r.start()
    for r in readers:
        r.join()
    picture.cache.cache_clear()  # the empty pictures above
    assert max(most) == 2


def test_one_broken_picture_does_not_stop_the_server(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Mutant: the error of a default picture ends the start of the server."""
    tried: list[str] = []

    def broken(page: spec.Spec, chosen: str, _: Any) -> None:
        tried.append(f"{page.name}.{chosen}")
        raise RuntimeError("broken")

    monkeypatch.setattr(picture, "rendered", broken)
    monkeypatch.setattr(boot, "boot", lambda: None)
    boot.prewarm()
    assert {t.split(".")[0] for t in tried} == set(catalogue.PAGES)
    assert "a first picture of kl_asymmetry fails" in caplog.text
