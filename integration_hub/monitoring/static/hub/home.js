// Keeps the home page up to date: asks for its cards while somebody looks, and changes those that
// differ. What is folded out stays so, the focus stays where it was, and nothing scrolls.
(() => {
  const root = document.getElementById("home");
  if (!root) return;
  const every = Number(root.dataset.every) * 1000;
  let timer = 0;
  let asking = false;

  const part = (within, name) => within.querySelector(`[data-part="${CSS.escape(name)}"]`);
  const folds = (within) => [...within.querySelectorAll("details[data-keep]")];

  // The element itself stays, so that a screen reader notices what changed in it.
  const replace = (old, fresh) => {
    const open = new Set(folds(old).filter((one) => one.open).map((one) => one.dataset.keep));
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const place = [...old.querySelectorAll("a, summary")].indexOf(focused);
    const address = focused?.getAttribute("href");
    old.className = fresh.className;
    old.replaceChildren(...fresh.childNodes);
    for (const one of folds(old)) one.open = open.has(one.dataset.keep);
    if (!focused) return;
    const now = [...old.querySelectorAll("a, summary")];
    const same = address ? now.find((one) => one.getAttribute("href") === address) : now[place];
    (same ?? now[0])?.focus({ preventScroll: true });
  };

  // Compared as they came, so that what was folded out here is no difference.
  const seen = new Map();
  const remember = (within) => {
    for (const one of within.querySelectorAll("[data-part]")) seen.set(one.dataset.part, one.outerHTML);
  };

  const show = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const names = (within) => [...within.querySelectorAll("[data-part]")].map((one) => one.dataset.part);
    if (names(page).join() !== names(root).join()) {
      // Another set of cards: somebody's rights changed, or the first instance was made.
      root.replaceChildren(...page.body.childNodes);
      remember(root);
      return;
    }
    for (const fresh of page.querySelectorAll("[data-part]")) {
      const name = fresh.dataset.part;
      const html = fresh.outerHTML;
      if (seen.get(name) === html) continue;
      seen.set(name, html);
      replace(part(root, name), fresh);
    }
  };

  const stale = (text) => {
    const now = part(root, "now");
    if (!now) return;
    now.textContent = text;
    now.className = "home-stale";
    seen.delete("now");
  };

  const refresh = async () => {
    clearTimeout(timer);
    if (asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(root.dataset.fragment, { credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 403) stale(root.dataset.login);
      else if (!answer.ok) stale(root.dataset.lost);
      else show(await answer.text());
    } catch {
      stale(root.dataset.lost);
    } finally {
      asking = false;
      clearTimeout(timer);
      if (!document.hidden) timer = setTimeout(refresh, every);
    }
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else refresh();
  });
  remember(root);
  timer = setTimeout(refresh, every);
})();
