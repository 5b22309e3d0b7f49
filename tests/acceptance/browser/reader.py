"""Somebody in front of the browser: reads, clicks, types, and waits until a page says something."""

from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE_S = 60
PHONE, DESK = (320, 640), (1280, 900)
AXE = Path(__file__).with_name("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """
const done = arguments[arguments.length - 1];
const told = (node) => `${node.html} ${node.failureSummary}`;
axe.run(document, {runOnly: arguments[0]}).then(
  (found) => done(found.violations.map((v) => `${v.id}: ${v.nodes.map(told).join("; ")}`)),
  (error) => done([String(error)]));
"""


class Reader:
    """A browser on our pages."""

    def __init__(self, chromium: webdriver.Chrome, url: str) -> None:
        self.chromium = chromium
        self._url = url

    def begin(self) -> None:
        """Forget whoever was here before."""
        self.chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.screen(DESK)
        self.scheme("light")
        self.scripts(True)
        self.complaints()

    def leave(self) -> None:
        """Close the page: its stream ends with it."""
        self.scripts(True)
        self.chromium.get("about:blank")

    def go(self, path: str) -> None:
        """Load a page."""
        self.chromium.get(self._url + path)

    def screen(self, size: tuple[int, int]) -> None:
        """The size of the window, in CSS pixels."""
        width, height = size
        metrics = {
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": size == PHONE,
        }
        self.chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def scheme(self, name: str) -> None:
        """`light` or `dark`."""
        features = [
            {"name": "prefers-color-scheme", "value": name},
            # What fades in has no contrast of its own yet.
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def scripts(self, on: bool) -> None:
        """Whether pages may run scripts, from the next one on."""
        self.chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not on})

    # --------------------------------------------------------------------------- reading

    @property
    def text(self) -> str:
        """What stands on the page."""
        return " ".join(str(self.js("return document.body.innerText")).split())

    @property
    def path(self) -> str:
        """Where the browser is."""
        return self.chromium.current_url.removeprefix(self._url)

    def until(self, says: str) -> None:
        """Wait until the page says so."""
        wait = WebDriverWait(self.chromium, PATIENCE_S, 0.1, (WebDriverException,))
        try:
            wait.until(lambda _: says in self.text)
        except TimeoutException as error:
            said = f"{self.text}\n{self.complaints()}"
            raise AssertionError(f"{self.path} never said {says!r}, but: {said}") from error

    def find(self, css: str) -> WebElement:
        """The one element that is like that."""
        [found] = self.chromium.find_elements(By.CSS_SELECTOR, css)
        return found

    def follow(self, text: str) -> None:
        """Click on the link or button with this text, and wait until another page is there."""
        page = self.chromium.find_element(By.TAG_NAME, "html")
        self.link(text).click()
        # While one page gives way to the next, the driver may fail to say which it is asked about.
        wait = WebDriverWait(self.chromium, PATIENCE_S, 0.1, (WebDriverException,))
        wait.until(staleness_of(page))

    def link(self, text: str) -> WebElement:
        """The one link or button with this text."""
        wanted = f"//*[self::a or self::button][normalize-space()='{text}']"
        [found] = self.chromium.find_elements(By.XPATH, wanted)
        return found

    def js(self, script: str, *arguments: Any) -> Any:
        """Ask the page."""
        return self.chromium.execute_script(script, *arguments)

    def wide(self) -> bool:
        """Whether the page is wider than the screen."""
        return bool(self.js("return document.documentElement.scrollWidth > innerWidth"))

    def violations(self) -> list[str]:
        """What axe-core has against the page (WCAG 2.2 A and AA, and best practices)."""
        self.js(f"{AXE}; window.axe = axe;")
        return self.chromium.execute_async_script(CHECK, RULES)

    def complaints(self) -> list[str]:
        """What the browser has complained about since: errors, and what the policy forbids."""
        return [entry["message"] for entry in self.chromium.get_log("browser")]

    # --------------------------------------------------------------------------- doing

    def fill(self, **fields: str) -> None:
        """Write into fields."""
        for name, text in fields.items():
            field = self.find(f"[name='{name}']")
            field.clear()
            field.send_keys(text)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            self.chromium.switch_to.active_element.send_keys(key)

    @property
    def focus(self) -> str:
        """The text, or the name, of what has the focus."""
        script = "const a = document.activeElement; return a.innerText || a.name || a.tagName"
        return str(self.js(script)).strip()

    def tab_to(self, name: str) -> None:
        """Press Tab until the focus is there."""
        for _ in range(60):
            self.press(Keys.TAB)
            if self.focus == name:
                return
        raise AssertionError(f"Tab never comes to {name!r}")
