// What unfold, Django and select2 give to the mouse and the eye alone: for keyboards and screen readers too.
"use strict";

// What unfold shows as an icon alone, by the state of Alpine that it turns.
const NAMES = { openTheme: "Theme", sidebarMobileOpen: "Close", openModal: "Close" };
const REGIONS = { "#nav-sidebar-apps": "Menu", "#changelist-filter [data-simplebar]": "Filters", ".result-list": "Rows" };
const NATIVE = "a[href], button, input, select, textarea, summary, #changelist-filter-close";
const ICON = ".material-symbols-outlined";

const wordsOf = element => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll(ICON).forEach(icon => icon.remove());
  return copy.matches(ICON) ? "" : copy.textContent.trim();
};

// Elements that answer clicks alone take the focus, Enter and Space as well.
function operable() {
  for (const element of document.querySelectorAll("[x-on\\:click]")) {
    if (element.matches(NATIVE)) continue;
    element.setAttribute("role", "button");
    element.tabIndex = 0;
    const state = element.getAttribute("x-on:click").match(/\w+/)[0];
    if (!wordsOf(element)) element.setAttribute("aria-label", NAMES[state] ?? element.title);
    element.addEventListener("keydown", event => {
      if (event.target !== element || !["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      element.click();
    });
  }
}

// The font writes an icon's name, "chevron_right", which is no word of the page.
function silentIcons() {
  for (const icon of document.querySelectorAll(ICON)) {
    const control = icon.closest("a, button, [role=button]");
    const named = !control || control.title || control.ariaLabel || wordsOf(control);
    if (named && control !== icon) icon.setAttribute("aria-hidden", "true");
  }
}

// Simplebar calls every place that it scrolls by the same name.
function namedRegions() {
  for (const [place, name] of Object.entries(REGIONS)) {
    const region = document.querySelector(place)?.closest("[data-simplebar]");
    region?.setAttribute("data-simplebar-aria-label", name);
  }
}

// Select2 puts its own box in the place of a labelled one.
function namedChoices() {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const name = select.labels[0]?.textContent.trim() || select.ariaLabel;
    const parts = ".select2-selection, .select2-selection__rendered, .select2-search__field";
    for (const part of name ? select.nextElementSibling.querySelectorAll(parts) : []) {
      if (part.matches("ul")) continue;
      part.setAttribute("aria-label", name);
      part.removeAttribute("aria-labelledby");
    }
  }
  for (const tip of document.querySelectorAll(".help-tooltip[aria-label]")) tip.setAttribute("role", "img");
}

document.addEventListener("DOMContentLoaded", () => { operable(); silentIcons(); namedRegions(); });
addEventListener("load", () => setTimeout(namedChoices)); // the widgets build theirs then
