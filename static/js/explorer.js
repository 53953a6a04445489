/* The theme switch: auto, light, dark. Optional: every page works without it. Loaded without `defer`, so that a chosen
   theme is set before the page is painted; the button is found once the document is there. */
(function () {
  "use strict";
  var root = document.documentElement, order = ["auto", "light", "dark"], key = "theme";
  function read() {
    try { var kept = localStorage.getItem(key); return order.indexOf(kept) > 0 ? kept : "auto"; } catch (e) { return "auto"; }
  }
  function apply(theme) {
    if (theme === "auto") { root.removeAttribute("data-theme"); } else { root.setAttribute("data-theme", theme); }
  }
  apply(read());
  document.addEventListener("DOMContentLoaded", function () {
    var button = document.querySelector("[data-theme-toggle]");
    if (!button) { return; }
    var word = button.querySelector("span");
    button.hidden = false;
    word.textContent = read();
    button.addEventListener("click", function () {
      var next = order[(order.indexOf(word.textContent) + 1) % order.length];
      word.textContent = next;
      apply(next);
      try { localStorage.setItem(key, next); } catch (e) { /* a private window does not keep it */ }
    });
  });
}());
