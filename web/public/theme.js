// Runs before the first paint: theme, language and direction as they were left, so that nothing flashes.
(function () {
  var root = document.documentElement;
  var read = function (key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  var theme = read("serai.theme");
  if (theme !== "light" && theme !== "dark")
    theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  var known = ["en", "de", "fa"];
  var rightToLeft = ["fa"];
  var language = read("serai.language");
  if (known.indexOf(language) < 0) {
    language = "en";
    for (var wanted of navigator.languages || []) {
      var short = wanted.slice(0, 2).toLowerCase();
      if (known.indexOf(short) >= 0) {
        language = short;
        break;
      }
    }
  }
  root.dataset.theme = theme;
  root.lang = language;
  root.dir = rightToLeft.indexOf(language) < 0 ? "ltr" : "rtl";
})();
