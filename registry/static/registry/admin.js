// Lists of the registry's pages: filtered as one types, and chosen from by many at once.
const rowsOf = (id) => [...document.querySelectorAll(`#${CSS.escape(id)} tbody tr`)];

function filter(id) {
  const words = (document.querySelector(`[data-filter="${id}"]`)?.value ?? "").toLowerCase().split(/\s+/);
  const tag = document.querySelector(`[data-filter-tag="${id}"]`)?.value ?? "";
  for (const row of rowsOf(id)) {
    row.said ??= `${row.textContent} ${row.querySelector("input")?.value ?? ""}`.toLowerCase();
    const tagged = !tag || row.dataset.tags.split("|").includes(tag);
    row.hidden = !(tagged && words.every((word) => row.said.includes(word)));
  }
  count(id);
}

function count(id) {
  const output = document.querySelector(`[data-count="${id}"]`);
  if (!output) return;
  const rows = rowsOf(id);
  const shown = rows.filter((row) => !row.hidden).length;
  const boxes = rows.map((row) => row.querySelector("input")).filter(Boolean);
  const chosen = boxes.filter((box) => box.checked).length;
  output.textContent = boxes.length ? `${chosen} of ${boxes.length} chosen, ${shown} shown` : `${shown} of ${rows.length} shown`;
}

function choosing(form) {
  const field = form.querySelector("input[name=chosen]");
  const boxes = () => rowsOf("operations").map((row) => row.querySelector("input"));
  if (field.value) {
    const wanted = new Set(JSON.parse(field.value));
    for (const box of boxes()) box.checked = wanted.has(box.value);
  }
  for (const button of form.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => {
      for (const row of rowsOf("operations")) {
        if (!row.hidden) row.querySelector("input").checked = button.dataset.choose === "all";
      }
      count("operations");
    });
  }
  form.addEventListener("change", () => count("operations"));
  form.addEventListener("submit", () => {
    const chosen = boxes().filter((box) => box.checked);
    const names = form.querySelector("[name=tags]").value + form.querySelector("[name=paths]").value;
    const everything = chosen.length === boxes().length;
    field.value = everything ? (names.trim() ? "[]" : "") : JSON.stringify(chosen.map((box) => box.value));
  });
}

for (const input of document.querySelectorAll("[data-filter], [data-filter-tag]")) {
  const id = input.dataset.filter ?? input.dataset.filterTag;
  input.addEventListener("input", () => filter(id));
  filter(id);
}
const form = document.querySelector("form.reg-import");
if (form) {
  choosing(form);
  count("operations");
}
