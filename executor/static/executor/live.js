// The live log: server-sent events into a table. Everything that is shown is text, never markup.
(() => {
  const MOST = 200;
  const root = document.getElementById("live");
  const state = document.getElementById("live-state");
  const rows = document.getElementById("live-rows");
  const form = document.getElementById("live-filter");
  const seen = new Set();
  let source = null;
  let last = "";

  const cell = (row, text) => {
    row.insertCell().textContent = text;
  };

  const show = (message) => {
    last = message.lastEventId;
    if (seen.has(last)) return;
    seen.add(last);
    const event = JSON.parse(message.data);
    const row = rows.insertRow(0);
    cell(row, event.time.replace("T", " ").slice(0, 19));
    cell(row, event.type);
    cell(row, event.subject);
    cell(row, JSON.stringify(event.data));
    while (rows.rows.length > MOST) rows.deleteRow(-1);
    if (seen.size > 10 * MOST) seen.clear();
  };

  const stop = () => {
    source?.close();
    source = null;
    state.textContent = root.dataset.off;
  };

  const listen = () => {
    stop();
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) asked.set(name, value.trim());
    if (last) asked.set("last_event_id", last);
    source = new EventSource(`${root.dataset.stream}?${asked}`);
    source.onopen = () => { state.textContent = root.dataset.on; };
    source.onerror = () => {
      state.textContent = root.dataset.lost;
      // Refused, the browser gives up; a full house has a seat again later.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => source && listen(), 5000);
    };
    source.onmessage = show;
  };

  form.addEventListener("submit", (sent) => {
    sent.preventDefault();
    rows.replaceChildren();
    seen.clear();
    last = "";
    listen();
  });
  document.getElementById("live-pause").addEventListener("click", () => (source ? stop() : listen()));
  addEventListener("pagehide", stop);
  listen();
})();
