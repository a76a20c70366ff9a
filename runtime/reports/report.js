"use strict";
// Filter, search and CSV of the examples. Nothing leaves the page.
(function () {
  var body = document.getElementById("example-rows");
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  });
  if (!body) { return; }
  var rows = Array.prototype.slice.call(body.rows);
  var search = document.getElementById("example-search");
  var flip = document.getElementById("example-flip");
  var count = document.getElementById("example-count");
  document.getElementById("example-tools").hidden = false;

  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = 0;
    rows.forEach(function (row) {
      var kinds = row.dataset.kinds.split(" ");
      var text = row.textContent.toLowerCase();
      var match = (!flip.value || kinds.indexOf(flip.value) >= 0) &&
        words.every(function (word) { return text.indexOf(word) >= 0; });
      row.hidden = !match;
      shown += match ? 1 : 0;
    });
    count.textContent = shown + " of " + rows.length + " examples";
  }

  function cell(text) {
    // A spreadsheet would run a text that begins like a formula.
    var safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? "'" + text : text;
    return '"' + safe.replace(/"/g, '""') + '"';
  }

  function save() {
    var names = ["id", "input", "reference", "start output", "best output", "start score", "best score", "change"];
    var lines = [names.map(cell).join(",")];
    rows.forEach(function (row) {
      if (row.hidden) { return; }
      var texts = Array.prototype.map.call(row.querySelectorAll("[data-csv]"), function (part) {
        return part.getAttribute("data-empty") === "" ? "" : part.textContent;
      });
      lines.push(texts.map(cell).join(","));
    });
    var blob = new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" });
    var link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = body.dataset.file;
    document.body.appendChild(link);
    link.click();
    document.body.removeChild(link);
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }

  search.addEventListener("input", filter);
  flip.addEventListener("change", filter);
  document.getElementById("example-csv").addEventListener("click", save);
  filter();
})();
