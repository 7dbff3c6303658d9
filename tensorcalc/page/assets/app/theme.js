// Colours before anything is painted: those chosen last, or else those of the system.
const chosen = (() => {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
})();
if (chosen === "light" || chosen === "dark") {
  document.documentElement.dataset.theme = chosen;
}
