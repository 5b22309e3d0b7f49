"""Using the page: it stays fresh, keeps the focus, and everything goes with the keyboard, and
without a script.
"""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.acceptance.browser.house import NEVER, House
from tests.acceptance.browser.reader import PHONE, Reader

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def state_of(house: House, saga: int) -> str:
    row = house.backend.reader.saga(saga)
    assert row is not None
    return row.status


# ------------------------------------------------------------------------------- liveness


def test_an_open_page_shows_what_happens_and_keeps_focus_and_what_is_open(
    reader: Reader, house: House
) -> None:
    saga = house.order("order-1", payment=NEVER)
    reader.go(f"/ui/sagas/{saga}")
    reader.until("Live")
    reader.find("details.data summary").click()
    assert reader.link("Approve review…")
    reader.js("arguments[0].focus(); window.mine = true", reader.link("Cancel…"))
    house.say(saga, "review", approved=True)
    reader.until("payment waits for payment to answer ChargeCard")
    assert reader.js("return window.mine") is True  # not loaded again
    assert reader.focus == "Cancel…"
    assert reader.find("details.data").get_attribute("open")
    assert not reader.chromium.find_elements(By.LINK_TEXT, "Approve review…")
    said = reader.find("[role=status].sentence")
    assert "payment waits for payment" in said.text
    assert not reader.complaints()


def test_a_parent_shows_what_its_child_does(reader: Reader, house: House) -> None:
    saga = house.reviewed("order-1", prepare=NEVER)
    reader.go(f"/ui/sagas/{saga}")
    reader.until("Live")
    house.say(house.child(saga), "cancel", "no")
    reader.until("being undone")


def test_the_list_shows_a_saga_that_begins(reader: Reader, house: House) -> None:
    reader.go("/ui")
    reader.until("Live")
    house.order("order-1", product=NEVER)
    reader.until("product waits for an answer")
    reader.go("/ui?state=failed")
    reader.until("Live")
    assert "No saga is like that" in reader.text
    house.reviewed("order-2", payment="refused")
    reader.until("payment: there is none")
    assert "order-1" not in reader.text  # the filter holds


def test_streams_end_with_their_pages(reader: Reader, house: House) -> None:
    saga = house.order("order-1", product=NEVER)
    for path in ("/ui", f"/ui/sagas/{saga}", "/ui"):
        reader.go(path)
        reader.until("Live")
        house.until(lambda: len(house.streams) == 1)
    reader.go("/ui/definitions")
    house.until(lambda: len(house.streams) == 0)


def test_a_page_says_when_it_is_not_kept_fresh(reader: Reader, house: House) -> None:
    reader.go("/ui")
    reader.until("Live")
    house.end_streams()
    reader.until("Not live")


# ------------------------------------------------------------------------------- keyboard


def test_a_review_with_the_keyboard_alone(reader: Reader, house: House) -> None:
    saga = house.order("order-1", payment=NEVER)
    reader.go("/ui")
    reader.press(Keys.TAB)
    assert reader.focus == "Skip to the content"
    reader.press(Keys.ENTER)
    assert reader.js("return document.activeElement.id") == "main"
    reader.tab_to(f"order {saga}")
    reader.press(Keys.ENTER)
    reader.until("review waits for the signal review")
    reader.tab_to("Reject review…")
    reader.press(Keys.ENTER)
    reader.until("Reject review?")
    reader.tab_to("reason")
    reader.press("no such street")
    reader.tab_to("Reject it")
    reader.press(Keys.ENTER)
    reader.until("review was applied")
    assert "review was applied" in reader.focus  # the result has the focus
    assert state_of(house, saga) == "failed"
    assert "rejected by operator: no such street" in reader.text


def test_what_has_the_focus_is_seen(reader: Reader, house: House) -> None:
    house.order("order-1", product=NEVER)
    reader.go("/ui")
    for _ in range(14):
        reader.press(Keys.TAB)
        style = reader.js(
            "const s = getComputedStyle(document.activeElement);"
            "return [s.outlineStyle, parseFloat(s.outlineWidth)]"
        )
        assert style == ["solid", 3], reader.focus


# ------------------------------------------------------------------------------- deciding


def test_a_wrong_form_says_where_and_leads_there(reader: Reader, house: House) -> None:
    saga = house.reviewed("order-1", payment=NEVER)
    reader.go(f"/ui/sagas/{saga}/cancel")
    reader.js("document.querySelector('form.stack').noValidate = true")
    reader.fill(by="ann")
    reader.link("Cancel the saga").click()
    reader.until("Nothing was done.")
    assert reader.js("return document.activeElement.getAttribute('role')") == "alert"
    assert not reader.violations()
    reader.link("Why is needed").click()
    assert reader.js("return document.activeElement.name") == "reason"
    assert state_of(house, saga) == "running"


def test_a_dead_letter_is_sent_again(reader: Reader) -> None:
    reader.go("/ui/dead-letters")
    reader.follow("letter 2048")
    reader.follow("Send it again…")
    reader.follow("Send it again")
    reader.until("It was sent again.")
    reader.go("/ui/dead-letters")
    assert "letter 2048" not in reader.text


def test_everything_without_a_script(reader: Reader, house: House) -> None:
    going = house.reviewed("order-1", payment=NEVER)
    stuck = house.reviewed("order-2", payment="refused", undo_inventory="refused")
    waits = house.order("order-3", payment=NEVER)
    reader.scripts(False)
    reader.screen(PHONE)
    reader.go("/ui")
    reader.find("[name=find]").send_keys("order-1")
    reader.follow("Show")
    assert "find=order-1" in reader.path
    reader.follow(f"order {going}")
    for words in ("What happened", "What is next", "What undoing would do", "product succeeded"):
        assert words in reader.text
    reader.follow("Cancel…")
    assert "RestoreThings to inventory" in reader.text
    reader.fill(reason="ordered twice", by="ann")
    reader.follow("Cancel the saga")
    assert "cancel was applied. It was said by ann." in reader.text
    assert state_of(house, going) == "compensating"
    reader.go(f"/ui/sagas/{stuck}")
    reader.follow("Repair…")
    reader.find("[name=action][value=skip]").click()
    reader.fill(reason="it was given back by hand")
    reader.follow("Do it")
    assert "skip was carried out." in reader.text
    assert state_of(house, stuck) == "failed"
    reader.go(f"/ui/sagas/{waits}")
    reader.follow("Approve review…")
    reader.fill(reason="looks fine")
    reader.follow("Approve it")
    assert "review was applied." in reader.text
    reader.follow("Log out")
    assert "Logged out" in reader.text
