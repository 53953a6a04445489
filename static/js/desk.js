/* The keys of the curation desk. Each presses a button or chooses a field of the page that says so itself
   (data-key), so that nothing here can do what the page does not offer. Optional: the page works without it. */
(function () {
  "use strict";
  var kept = "desk-keys", sent = false;
  function off() {
    try { return localStorage.getItem(kept) === "off"; } catch (e) { return false; }
  }
  function press(part) {
    if (part.tagName === "BUTTON") { sent = true; part.click(); return; }
    if (part.tagName === "DETAILS") { part.open = !part.open; part.querySelector("summary").focus(); return; }
    part.focus();
    if (part.type === "radio") { part.checked = true; }
  }
  function nextSentence() {
    var all = Array.prototype.slice.call(document.querySelectorAll("[data-sentence]"));
    var at = all.findIndex(function (radio) { return radio.checked; });
    var next = all[(at + 1) % all.length];
    if (next) { next.checked = true; next.focus(); next.closest("p").scrollIntoView({ block: "nearest" }); }
  }
  function typing(place) {
    return place.isContentEditable || place.tagName === "TEXTAREA" || place.tagName === "SELECT" ||
      (place.tagName === "INPUT" && place.type !== "radio");
  }
  document.addEventListener("keydown", function (event) {
    var place = event.target, parts, key = event.key;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    if (key === "Escape" && typing(place)) { place.blur(); return; }
    /* A select takes Enter for itself: here it sends the form that it belongs to, once something is chosen. */
    if (key === "Enter" && place.id === "skip-why" && place.value) {
      event.preventDefault();
      if (!sent) { sent = true; place.form.requestSubmit(); }
      return;
    }
    if (off() || sent || event.repeat || typing(place)) { return; }
    if (key === "j") { event.preventDefault(); nextSentence(); return; }
    parts = Array.prototype.filter.call(document.querySelectorAll("[data-key]"), function (part) {
      return part.getAttribute("data-key") === key;
    });
    if (parts.length === 1) { event.preventDefault(); press(parts[0]); }
  });
  /* A page that comes back from the browser's memory takes keys again. */
  window.addEventListener("pageshow", function () { sent = false; });
  document.addEventListener("invalid", function () { sent = false; }, true);

  var heading = document.querySelector("[data-focus]"), box = document.querySelector("[data-keys-switch]");
  if (heading) { heading.focus(); }
  if (box) {
    box.hidden = false;
    box.querySelector("span").textContent = off() ? "on" : "off";
    box.querySelector("button").addEventListener("click", function () {
      try { localStorage.setItem(kept, off() ? "on" : "off"); } catch (e) { /* a private window does not keep it */ }
      box.querySelector("span").textContent = off() ? "on" : "off";
    });
  }
}());
