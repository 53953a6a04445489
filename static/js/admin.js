/* The admin's searchable lists take the place of a field and of its label's target: they get the label's words as their
   name. Optional, like all scripts. */
(function () {
  "use strict";
  function nameLists() {
    document.querySelectorAll(".select2-selection").forEach(function (box) {
      var around = box.closest(".select2"), field = around && around.previousElementSibling;
      var label = field && document.querySelector('label[for="' + CSS.escape(field.id) + '"]');
      var name = label ? label.textContent.trim().replace(/:$/, "") : "";
      if (!name) { return; }
      box.removeAttribute("aria-labelledby");
      box.setAttribute("aria-label", name);
      box.querySelectorAll("[role=textbox]").forEach(function (part) { part.setAttribute("aria-label", name); });
    });
  }
  document.addEventListener("DOMContentLoaded", function () {
    nameLists();
    /* They are made after the page is there, and again for each row that is added to a form. */
    new MutationObserver(nameLists).observe(document.body, { childList: true, subtree: true });
  });
}());
