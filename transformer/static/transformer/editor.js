// The editor of transforms: what the texts come to, asked for shortly after each change.
(() => {
  const desk = document.getElementById("tr-desk");
  const panes = Object.fromEntries(
    ["sample", "expected", "spec"].map((name) => [name, document.getElementById(`tr-${name}`)]),
  );
  const place = (name) => document.getElementById(`tr-${name}`);
  let asked = 0;
  let timer;

  const made = (tag, text, attributes = {}) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.textContent = text;
    return element;
  };

  const number = (area) => {
    const lines = area.parentElement.querySelector(".tr-lines");
    const wanted = Math.min(area.value.split("\n").length, 20000);
    while (lines.children.length > wanted) lines.lastChild.remove();
    while (lines.children.length < wanted) lines.append(made("li", lines.children.length + 1));
    lines.scrollTop = area.scrollTop;
  };

  const mark = (area, wrong) => {
    const lines = area.parentElement.querySelector(".tr-lines").children;
    for (const [index, line] of [...lines].entries()) {
      line.classList.toggle("tr-wrong", wrong.has(index + 1));
    }
  };

  const goTo = (area, line) => {
    const lines = area.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(start, start + lines[line - 1].length);
    area.scrollTop = Math.max(0, (line - 4) * 20);
  };

  const showErrors = (errors) => {
    const list = document.createElement("ul");
    for (const error of errors) {
      const item = document.createElement("li");
      const area = panes[error.where];
      if (area && error.line) {
        const button = made("button", `${error.where}, line ${error.line}`, { type: "button" });
        button.addEventListener("click", () => goTo(area, error.line));
        item.append(button);
      } else {
        item.append(made("strong", `${error.where}: `));
      }
      item.append(error.detail);
      list.append(item);
    }
    place("errors").replaceChildren(...(errors.length ? [list] : []));
    for (const [name, area] of Object.entries(panes)) {
      mark(area, new Set(errors.filter((e) => e.where === name && e.line).map((e) => e.line)));
    }
  };

  const showDifferences = (differences) => {
    const box = place("differences");
    if (!differences || !differences.length) return box.replaceChildren();
    const table = made("table", "", { className: "hub-table" });
    table.innerHTML = "<thead><tr><th>Where</th><th>Expected</th><th>Got</th></tr></thead>";
    const body = document.createElement("tbody");
    for (const found of differences) {
      const row = document.createElement("tr");
      row.append(made("td", found.pointer || "/"), made("td", found.expected), made("td", found.got));
      body.append(row);
    }
    table.append(body);
    box.replaceChildren(made("strong", "Not as expected:"), table);
  };

  const showTrace = (trace) => {
    place("trace").replaceChildren(
      ...trace.map((step) => {
        const row = document.createElement("tr");
        row.append(
          made("td", step.rule),
          made("td", step.target),
          made("td", step.found ? step.read : "—"),
          made("td", step.written ? step.wrote : step.errors ? "✗" : "—"),
        );
        return row;
      }),
    );
  };

  const state = (answer) => {
    const badge = place("state");
    const [word, kind] = answer.errors.length
      ? [answer.errors.length === 1 ? "1 error" : `${answer.errors.length} errors`, "hub-bad"]
      : answer.differences?.length
        ? ["differs", "hub-warn"]
        : answer.differences
          ? ["as expected", "hub-ok"]
          : ["works", "hub-ok"];
    badge.textContent = word;
    badge.className = `hub-badge ${kind}`;
  };

  const ask = async (address) => {
    const response = await fetch(address, { method: "POST", body: new FormData(desk) });
    if (!response.ok) {
      const why = response.status === 413 ? "larger than the hub takes" : "the page is too old: load it again";
      return { errors: [{ where: "result", detail: `The hub did not answer (${response.status}): ${why}.` }], trace: [] };
    }
    return response.json();
  };

  const refresh = async () => {
    const turn = ++asked;
    let answer;
    try {
      answer = await ask(desk.dataset.attempt);
    } catch {
      answer = { errors: [{ where: "result", detail: "The hub cannot be reached; this is tried again with the next change." }], trace: [] };
    }
    if (turn !== asked) return; // a later change has been asked about
    place("result").textContent = answer.result ?? "";
    showErrors(answer.errors);
    showDifferences(answer.differences);
    showTrace(answer.trace);
    state(answer);
  };

  for (const area of Object.values(panes)) {
    area.addEventListener("input", () => {
      number(area);
      clearTimeout(timer);
      timer = setTimeout(refresh, 250);
    });
    area.addEventListener("scroll", () => number(area));
    number(area);
  }

  place("propose").addEventListener("click", async () => {
    const answer = await ask(desk.dataset.propose);
    if (answer.errors) return showErrors(answer.errors);
    panes.spec.value = answer.spec;
    number(panes.spec);
    await refresh();
    if (answer.constants.length) {
      const note = `Found nowhere in the sample, so written as constants: ${answer.constants.join(", ")}.`;
      place("errors").append(made("p", note));
    }
  });

  refresh();
})();
