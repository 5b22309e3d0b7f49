"""Debian's Chromium, driven by the driver that is packaged beside it; nothing is fetched."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.acceptance.browser.house import House
from tests.acceptance.browser.reader import Reader

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # CI is root, in a container; nothing but our own pages is loaded
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    """One browser for all tests; each begins with a page and a session of its own."""
    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    assert driver and browser  # who is marked `browser` is skipped without them
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in FLAGS:
        options.add_argument(flag)
    running = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield running
    finally:
        running.quit()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The application on a port of its own."""
    house = House(tmp_path)
    house.open()
    try:
        yield house
    finally:
        house.close()


@pytest.fixture
def reader(chromium: webdriver.Chrome, house: House) -> Iterator[Reader]:
    """Somebody who has opened the login link."""
    reader = Reader(chromium, house.url)
    reader.begin()
    reader.go(house.login())
    try:
        yield reader
    finally:
        reader.leave()
