/* The theme switch (auto, light, dark), and manners of lists that refresh in place. Optional: every page works without
   it. Loaded without `defer`, so that a chosen theme is set before the page is painted; the rest comes once the document
   is there. */
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

  /* A link into something folded (why a class is named) opens it. Browsers that do so themselves find it open. */
  function unfold() {
    var name, target, part;
    try { name = decodeURIComponent(location.hash.slice(1)); } catch (e) { return; }
    target = name ? document.getElementById(name) : null;
    for (part = target; part; part = part.parentElement) {
      if (part.tagName === "DETAILS" && !part.open) { part.open = true; target.scrollIntoView(); }
    }
  }
  window.addEventListener("hashchange", unfold);
  window.addEventListener("load", unfold);

  /* Lists that refresh in place, where htmx is loaded. The panel of filters stays as open as it was. */
  var wasOpen = false;
  document.addEventListener("htmx:beforeSwap", function () {
    var panel = document.querySelector(".facets");
    wasOpen = panel !== null && panel.open;
  });
  document.addEventListener("htmx:afterSettle", function () {
    var panel = document.querySelector(".facets"), heading = document.getElementById("count");
    if (panel) { panel.open = wasOpen; }
    /* What had the focus may be gone (a chip, the link to the next page): then it goes to what the list says now. */
    if (heading && (document.activeElement === null || document.activeElement === document.body)) {
      heading.focus({ preventScroll: true });
    }
  });
  /* An answer that is no list (an error, no connection) is shown as the page that it is, never swallowed. */
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      var path = event.detail.pathInfo;
      if (path) { window.location.assign(path.finalRequestPath || path.requestPath); }
    });
  });
}());
