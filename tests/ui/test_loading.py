import gc
import sys
from types import ModuleType

import pytest

from studio.ui.loading import loading


def test_the_collector_rests_while_something_is_loaded_and_leaves_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = gc.get_freeze_count()
    with loading():
        assert not gc.isenabled()
        monkeypatch.setitem(sys.modules, "a_new_library", ModuleType("a_new_library"))
        with loading():
            pass
        assert not gc.isenabled()  # the outer one is under way still
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen


def test_where_nothing_was_loaded_garbage_stays_garbage() -> None:
    frozen = gc.get_freeze_count()
    with loading():
        pass
    assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen  # what was frozen may have ended


def test_the_collector_is_back_after_a_library_that_is_missing() -> None:
    with pytest.raises(ImportError), loading():
        import no_such_library  # noqa: F401  # pyright: ignore[reportMissingImports]
    assert gc.isenabled()
