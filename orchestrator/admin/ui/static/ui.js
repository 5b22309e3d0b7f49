// What a page does beside htmx: times that go on, and a word on whether it is kept fresh.
// Everything can be read without it.
(() => {
  "use strict";
  const skew = Number(document.body.dataset.now) - Date.now();

  // The same words as `ago` in pages.py.
  function ago(at) {
    const seconds = Math.round((at - Date.now() - skew) / 1000);
    const size = Math.abs(seconds);
    const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
    const [unit, name] = units.find(([unit]) => size >= unit) ?? [1, "s"];
    const text = `${Math.floor(size / unit)} ${name}`;
    return seconds > 0 ? `in ${text}` : `${text} ago`;
  }

  function tick() {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      const text = ago(Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  }

  const link = document.getElementById("link");
  const stream = document.getElementById("stream");

  function say(state, text) {
    link.hidden = false;
    link.dataset.state = state;
    if (link.textContent !== text) link.textContent = text;
  }

  stream.addEventListener("htmx:sse:after:connection", () => say("on", "Live"));
  stream.addEventListener("htmx:sse:error", () => say("off", "Not live: trying to connect again"));
  stream.addEventListener("htmx:sse:close", () => say("off", "Not live: load the page again"));
  // A first answer that is no stream: too many of them, or the session is over.
  stream.addEventListener("htmx:after:request", (event) => {
    const status = event.detail?.ctx?.response?.status;
    if (status >= 400) say("off", "Not live: load the page again");
  });

  // The page loaded in the background or came back from the browser's cache: show what is new.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) htmx.trigger(stream, "moved");
  });

  tick();
  setInterval(tick, 1000);
})();
