/* What makes the pages quicker to use: the theme switch, lists that refresh in place, single keys, suggestions under a
   search. Optional: every page works without it. Loaded with `async`, so that no page waits for it to be painted; from
   the browser's cache it runs before the first paint, so that a chosen theme does not flash. */
(function () {
  "use strict";
  var root = document.documentElement;

  /* What a browser keeps between pages; a private window may refuse to. */
  function kept(name) {
    try { return localStorage.getItem(name); } catch (e) { return null; }
  }
  function keep(name, value) {
    try { localStorage.setItem(name, value); } catch (e) { /* it holds for this page alone */ }
  }
  function all(selector, inside) {
    return Array.prototype.slice.call((inside || document).querySelectorAll(selector));
  }
  function isSeen(part) {
    return part.getClientRects().length > 0;
  }
  function make(name, attributes, text) {
    var part = document.createElement(name);
    Object.keys(attributes).forEach(function (key) { part.setAttribute(key, attributes[key]); });
    if (text) { part.textContent = text; }
    return part;
  }

  /* The theme ---------------------------------------------------------------------------------------------------- */
  var themes = ["auto", "light", "dark"];
  function theme() {
    var found = kept("theme");
    return themes.indexOf(found) > 0 ? found : "auto";
  }
  function dress(name) {
    if (name === "auto") { root.removeAttribute("data-theme"); } else { root.setAttribute("data-theme", name); }
  }
  dress(theme());
  function themeSwitch() {
    var button = document.querySelector("[data-theme-toggle]"), word;
    if (!button) { return; }
    word = button.querySelector("span");
    button.hidden = false;
    word.textContent = theme();
    button.addEventListener("click", function () {
      var next = themes[(themes.indexOf(word.textContent) + 1) % themes.length];
      word.textContent = next;
      dress(next);
      keep("theme", next);
    });
  }

  /* A link into something folded (why a class is named) opens it. Browsers that do so themselves find it open. */
  function unfold() {
    var name, target, part;
    try { name = decodeURIComponent(location.hash.slice(1)); } catch (e) { return; }
    target = name ? document.getElementById(name) : null;
    for (part = target; part; part = part.parentElement) {
      if (part.tagName === "DETAILS" && !part.open) { part.open = true; target.scrollIntoView(); }
    }
  }

  /* Lists that refresh in place, where htmx is loaded: the panel of filters stays as open as it was. ---------------- */
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

  /* Single keys ---------------------------------------------------------------------------------------------------
     Only on pages whose body says so, never while somebody types or holds a key or a modifier, and not at all where
     they are switched off (WCAG 2.1.4). */
  function keysAreOff() {
    return kept("keys") === "off";
  }
  function isTyping(place) {
    return place.isContentEditable || /^(TEXTAREA|SELECT)$/.test(place.tagName) ||
      (place.tagName === "INPUT" && !/^(radio|checkbox|submit|button)$/.test(place.type));
  }
  function toSearch() {
    var field = all("input[name=q]").filter(isSeen)[0];
    if (field) { field.focus(); field.select(); }
    return Boolean(field);
  }
  /* To the next row (1) or the one before (-1): from the row that has the focus, else from the first one in sight. */
  function toRow(step) {
    var titles = all("main .row-title a").filter(isSeen), here = document.activeElement, at, row, part;
    if (!titles.length) { return false; }
    row = here.closest(".row, .cards > li");
    at = titles.findIndex(function (title) { return title === here || (row && row.contains(title)); });
    if (at < 0) {
      at = titles.findIndex(function (title) { return title.getBoundingClientRect().top >= 0; });
      at = at < 0 ? titles.length - 1 : at;
    } else {
      at = Math.min(Math.max(at + step, 0), titles.length - 1);
    }
    part = titles[at];
    part.focus({ preventScroll: true });
    (part.closest(".row, .cards > li") || part).scrollIntoView({ block: "nearest" });
    return true;
  }
  function open() {
    var row = document.activeElement.closest(".row, .cards > li"), title = row && row.querySelector(".row-title a");
    if (title) { title.click(); }
    return Boolean(title);
  }
  function toFilters() {
    var panel = document.querySelector(".facets"), first;
    if (!panel) { return false; }
    panel.open = true;
    first = all("summary, .facet a", panel).filter(isSeen)[0];
    if (first) { first.focus(); }
    return Boolean(first);
  }
  /* The list of keys is a section of a page of its own; asked for, it is shown over the page that one is on. */
  function help() {
    var link = document.querySelector("[data-keys-help]"), dialog = document.getElementById("keys-dialog");
    if (!link) { return false; }
    if (dialog) { dialog.showModal(); return true; }
    fetch(link.href, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (text) {
      var section = new DOMParser().parseFromString(text, "text/html").getElementById("keys");
      var form = make("form", { method: "dialog" });
      dialog = make("dialog", { id: "keys-dialog", "aria-label": "Keys" });
      section = document.importNode(section, true);
      section.removeAttribute("aria-labelledby");
      all("[id]", section).concat(section).forEach(function (part) { part.removeAttribute("id"); });
      form.appendChild(make("button", { "class": "go", type: "submit" }, "Close"));
      dialog.appendChild(section);
      dialog.appendChild(form);
      document.body.appendChild(dialog);
      keysSwitch(dialog);
      dialog.showModal();
    }).catch(function () { window.location.assign(link.href); });
    return true;
  }
  var keys = {
    "/": toSearch, j: function () { return toRow(1); }, k: function () { return toRow(-1); }, o: open, f: toFilters, "?": help
  };
  document.addEventListener("keydown", function (event) {
    var place = event.target;
    if (!document.body.hasAttribute("data-single-keys") || !Object.prototype.hasOwnProperty.call(keys, event.key) ||
        event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing ||
        isTyping(place) || keysAreOff() || document.querySelector("dialog[open]")) { return; }
    if (keys[event.key]()) { event.preventDefault(); }
  });
  function keysSwitch(inside) {
    all("[data-single-keys-switch]", inside).forEach(function (button) {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(!keysAreOff()));
      button.addEventListener("click", function () {
        keep("keys", keysAreOff() ? "on" : "off");
        all("[data-single-keys-switch]").forEach(function (each) {
          each.setAttribute("aria-pressed", String(!keysAreOff()));
        });
      });
    });
  }

  /* Suggestions under a search: papers whose title begins like, or holds, what is typed. Enter without a choice sends
     the form as ever. The pattern is that of a combobox with a list (ARIA Authoring Practices). --------------------- */
  var patience = 150, shortest = 2; /* milliseconds after the last key; letters */
  function suggest(field) {
    var list = make("ul", { role: "listbox", id: field.id + "-list", "class": "suggestions", "aria-label": "Papers" });
    var chosen = -1, timer = 0, latest = "";
    list.hidden = true;
    field.parentElement.classList.add("suggests");
    field.parentElement.appendChild(list);
    field.setAttribute("role", "combobox");
    field.setAttribute("autocomplete", "off");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-expanded", "false");
    function close() {
      list.hidden = true;
      chosen = -1;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    }
    function choose(place) {
      var options = all("[role=option]", list);
      chosen = (place + options.length + 1) % (options.length + 1);
      options.forEach(function (option, at) { option.setAttribute("aria-selected", String(at === chosen)); });
      if (chosen === options.length) { chosen = -1; field.removeAttribute("aria-activedescendant"); return; }
      field.setAttribute("aria-activedescendant", options[chosen].id);
      options[chosen].scrollIntoView({ block: "nearest" });
    }
    function show(answer) {
      if (answer[0] !== latest || document.activeElement !== field) { return; }
      list.replaceChildren.apply(list, answer[1].map(function (title, at) {
        var option = make("li", { role: "option", id: list.id + "-" + at, "aria-selected": "false" });
        option.appendChild(make("span", { dir: "auto" }, title));
        if (answer[2][at]) { option.appendChild(make("span", { "class": "quiet" }, answer[2][at])); }
        option.addEventListener("pointerdown", function (event) { event.preventDefault(); });
        option.addEventListener("click", function () { window.location.assign(answer[3][at]); });
        return option;
      }));
      close();
      if (answer[1].length) { list.hidden = false; field.setAttribute("aria-expanded", "true"); }
    }
    field.addEventListener("input", function () {
      clearTimeout(timer);
      latest = field.value.trim();
      if (latest.length < shortest) { close(); return; }
      timer = setTimeout(function () {
        fetch(field.dataset.suggest + "?q=" + encodeURIComponent(latest)).then(function (answer) {
          return answer.ok ? answer.json() : [latest, [], [], []];
        }).then(show).catch(close);
      }, patience);
    });
    field.addEventListener("keydown", function (event) {
      var options = all("[role=option]", list);
      if (list.hidden || event.isComposing) { return; }
      if (event.key === "ArrowDown") { choose(chosen + 1); event.preventDefault(); }
      if (event.key === "ArrowUp") { choose((chosen < 0 ? options.length : chosen) - 1); event.preventDefault(); }
      if (event.key === "Escape") { close(); event.preventDefault(); }
      if (event.key === "Enter" && chosen >= 0) { options[chosen].click(); event.preventDefault(); }
    });
    field.addEventListener("blur", close);
  }

  function begin() {
    themeSwitch();
    keysSwitch(document);
    all("input[data-suggest]").forEach(suggest);
    unfold();
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", begin); } else { begin(); }
  window.addEventListener("hashchange", unfold);
  window.addEventListener("load", unfold);
}());
