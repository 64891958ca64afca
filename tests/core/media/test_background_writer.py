import threading
from typing import Any

import numpy as np
import pytest

from studio.core.media.background_writer import BackgroundWriter


class FakeWriter:
    """Takes notes; waits before each picture while `gate` is closed, and may fail."""

    def __init__(self, fail_at: int | None = None, fail_at_end: bool = False) -> None:
        self.pictures: list[int] = []
        self.threads: set[int] = set()
        self.left_by: list[type[BaseException] | None] = []
        self.gate = threading.Event()
        self.gate.set()
        self.fail_at, self.fail_at_end = fail_at, fail_at_end

    def write(self, picture: np.ndarray) -> None:
        assert self.gate.wait(10)
        self.threads.add(threading.get_ident())
        if len(self.pictures) == self.fail_at:
            raise OSError("no more")
        self.pictures.append(int(picture[0, 0, 0]))

    def __enter__(self) -> "FakeWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.left_by.append(kind)
        if kind is None and self.fail_at_end:
            raise OSError("no more at the end")


def background(writer: Any, count: int = 3) -> BackgroundWriter:
    return BackgroundWriter(writer, list(np.zeros((count, 2, 2, 4), np.uint8)))


def feed(writer: BackgroundWriter, count: int) -> None:
    for i in range(count):
        picture = writer.borrow()
        picture[:] = i
        writer.write(picture)


def encoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "encoder"]


def test_every_picture_is_written_in_order_on_another_thread() -> None:
    fake = FakeWriter()
    with background(fake) as writer:
        feed(writer, 20)
    assert fake.pictures == list(range(20))
    assert fake.left_by == [None]
    assert len(fake.threads) == 1
    assert threading.get_ident() not in fake.threads
    assert encoders() == []


def test_no_more_pictures_are_out_than_there_is_memory() -> None:
    fake = FakeWriter()
    fake.gate.clear()
    with background(fake, 2) as writer:
        feed(writer, 2)
        waiting = threading.Thread(target=feed, args=(writer, 1))
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
        fake.gate.set()
        waiting.join(10)
        assert not waiting.is_alive()
    assert len(fake.pictures) == 3


def test_what_the_encoder_raises_is_raised_where_the_pictures_come_from() -> None:
    fake = FakeWriter(fail_at=4)
    with pytest.raises(OSError, match="no more"), background(fake) as writer:
        feed(writer, 100)
    assert fake.left_by == [OSError]
    assert encoders() == []


def test_what_the_encoder_raises_is_raised_before_more_is_rendered() -> None:
    def late() -> None:
        with background(FakeWriter(fail_at=0)) as writer:
            feed(writer, 1)
            (encoder,) = encoders()
            encoder.join(10)
            writer.borrow()
            pytest.fail("memory was lent for a picture that nobody will write")

    with pytest.raises(OSError, match="no more"):
        late()


@pytest.mark.parametrize("fake", [FakeWriter(fail_at=2), FakeWriter(fail_at_end=True)])
def test_what_the_encoder_raises_last_is_raised_at_the_end(fake: FakeWriter) -> None:
    with pytest.raises(OSError, match="no more"), background(fake) as writer:
        feed(writer, 3)
    assert encoders() == []


def test_leaving_by_an_exception_abandons_what_is_queued() -> None:
    fake = FakeWriter()
    fake.gate.clear()

    def interrupted() -> None:
        with background(fake, 10) as writer:
            feed(writer, 10)
            threading.Timer(0.05, fake.gate.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(fake.pictures) <= 1  # the one in hand
    assert fake.left_by[0] is not None
    assert encoders() == []
