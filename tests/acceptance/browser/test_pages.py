"""Every page in Chromium: accessible, within the screen, without a complaint of the browser."""

import pytest

from tests.acceptance.browser.house import HOSTILE, House, furnished
from tests.acceptance.browser.reader import DESK, PHONE, Reader

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PAGES = {
    "the list": "/ui",
    "the stalest": "/ui?order=stalest",
    "nothing found": "/ui?find=nothing",
    "a saga that ended": "/ui/sagas/{completed}",
    "a saga that waits for a person": "/ui/sagas/{waits}",
    "a saga under way": "/ui/sagas/{flying}",
    "a saga that stands still": "/ui/sagas/{stuck}",
    "a saga on its way back": "/ui/sagas/{undoing}",
    "a parent": "/ui/sagas/{shipping}",
    "its child": "/ui/sagas/{child}",
    "hostile texts": "/ui/sagas/{hostile}",
    "cancelling": "/ui/sagas/{flying}/cancel",
    "answering": "/ui/sagas/{waits}/waits/review?answer=approve",
    "repairing": "/ui/sagas/{stuck}/repair",
    "definitions": "/ui/definitions",
    "a definition": "/ui/definitions/order",
    "dead letters": "/ui/dead-letters",
    "a dead letter": "/ui/dead-letters/1024",
    "sending it again": "/ui/dead-letters/1024/redrive",
}


def test_every_page_light_on_a_desk_and_dark_on_a_phone(reader: Reader, house: House) -> None:
    sagas = furnished(house)
    wrong: list[str] = []
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        reader.screen(size)
        reader.scheme(scheme)
        for name, path in PAGES.items():
            reader.go(path.format(**sagas))
            found = [*reader.violations(), *reader.complaints()]
            found += ["it is wider than the screen"] if reader.wide() else []
            wrong += [f"{name}, {size[0]} px, {scheme}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def test_hostile_texts_run_nowhere(reader: Reader, house: House) -> None:
    saga = house.order(HOSTILE, product="")
    for path in ("/ui", f"/ui/sagas/{saga}", f"/ui/sagas/{saga}/cancel", "/ui/dead-letters/1024"):
        reader.go(path)
        assert reader.js("return document.querySelectorAll('main script, main img').length") == 0
        assert not reader.complaints()  # an alert would have raised
    reader.go(f"/ui/sagas/{saga}")
    assert "onerror=alert(2)" in reader.text


def test_a_stranger_and_a_page_that_is_not_there(reader: Reader, house: House) -> None:
    for size in (DESK, PHONE):
        reader.screen(size)
        reader.go("/ui/sagas/77")
        assert "there is no saga 77" in reader.text
        assert not reader.violations()
        assert not reader.wide()
    reader.follow("Log out")
    assert "Logged out" in reader.text
    assert not reader.violations()
    reader.go("/ui")
    assert "This page opens with a login link" in reader.text
    assert not reader.violations()
    assert "Log out" not in reader.text
    reader.go(house.login())
    reader.until("There are no sagas yet")
