// Goes through the list of cases by single keys, only while it has the focus (WCAG 2.2, 2.1.4). Without script: Tab and Enter.
(() => {
  const list = document.getElementById("cases");
  const search = document.getElementById("find");
  if (!list || !search) return;
  const links = [...list.querySelectorAll("th a")];
  const go = (by) => {
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1);
    links[next]?.focus();
  };
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "o" && links.includes(document.activeElement)) document.activeElement.click();
    else if (event.key === "/") search.focus();
    else return;
    event.preventDefault();
  });
})();
