import logging

import pytest

from studio.core.logs import log_file, scrub, start_logging


@pytest.fixture(autouse=True)
def no_handler_left() -> object:
    yield
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.get_name() == "avatar-studio"]:
        root.removeHandler(handler)
        handler.close()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("cannot read '/data/Anna Smith/anna.png'", "cannot read '….png'"),
        ("'anna smith.JPG' is damaged", "'….JPG' is damaged"),
        ("cannot identify anna.png", "cannot identify ….png"),
        ("in /home/anna/pictures", "in …"),
        ('[Errno 2] No such file: "/data/Anna\'s pictures/me"', '[Errno 2] No such file: "…"'),
        ("There is no file '/data/Anna's/me'; check it", "There is no file '…'; check it"),
        ("cannot open /data/Anna's folder/me.png now", "cannot open ….png now"),
        ("cannot open /srv/Anna Smith: permission denied", "cannot open …: permission denied"),
        ("error:/srv/anna", "error:…"),
        ("see https://example.org/help for more", "see https://example.org/help for more"),
        ("'~/Pictures/anna'", "'…'"),
        ("C:\\Users\\Anna\\me", "…"),
        ("half / quarter", "half / quarter"),
        ("No module named 'studio.core.doctor'", "No module named 'studio.core.doctor'"),
    ],
)
def test_scrub_removes_names(text: str, clean: str) -> None:
    assert scrub(text) == clean


def test_scrub_shows_the_home_as_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/people/anna")
    assert scrub('File "/srv/people/anna/studio/cli.py", line 3') == 'File "~/studio/cli.py", line 3'


def test_tracebacks_are_scrubbed_in_the_file() -> None:
    start_logging()
    name = "".join(["Anna", " Smith"])  # the traceback shows the line that raises
    try:
        raise FileNotFoundError(f"/data/{name}/portrait.png")
    except FileNotFoundError:
        logging.getLogger("studio.test").exception("while reading '/data/%s/a.png'", name)
    written = log_file().read_text()
    assert "while reading" in written
    assert "Traceback" in written
    assert "test_logs.py" in written
    assert "while reading '….png'" in written
    assert "Anna" not in written


def test_starting_twice_logs_once() -> None:
    start_logging()
    start_logging()
    logging.getLogger("studio.test").error("once")
    assert log_file().read_text().count("once") == 1
