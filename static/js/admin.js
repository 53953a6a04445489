/* The admin's searchable lists take the place of a field and of its label's target: they get the label's words as their
   name. Optional, like all scripts. */
(function () {
  "use strict";
  window.addEventListener("load", function () {
    document.querySelectorAll(".select2-selection").forEach(function (box) {
      var field = box.closest(".select2") && box.closest(".select2").previousElementSibling;
      var label = field && field.labels && field.labels[0];
      var name = label ? label.textContent.trim().replace(/:$/, "") : "";
      if (name) {
        box.removeAttribute("aria-labelledby");
        box.setAttribute("aria-label", name);
        box.querySelectorAll("[role=textbox]").forEach(function (part) { part.setAttribute("aria-label", name); });
      }
    });
  });
}());
