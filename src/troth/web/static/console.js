// Looks again at a matter that is being carried out, while somebody looks and nothing is being typed. Without script: a link.
(() => {
  let touched = false;
  addEventListener("input", () => { touched = true; });
  setInterval(() => {
    if (!touched && document.visibilityState === "visible" && !document.querySelector(".told")) location.replace(location.pathname);
  }, 5000);
})();
