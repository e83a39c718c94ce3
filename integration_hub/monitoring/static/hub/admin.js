// Unfold hides its pages until Alpine has started, and a browser gives no focus to what is hidden.
document.addEventListener("alpine:initialized", () => setTimeout(() => {
  if (document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
}));
