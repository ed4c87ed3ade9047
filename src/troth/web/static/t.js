// Troth's tracker: page views, events of your own and clicks on links that lead away.
// It does nothing before the visitor has chosen, honours Global Privacy Control and Do Not Track unless the visitor
// allowed it knowingly, leaves nothing in the browser, and needs no inline script. Served without comments and indents.
(() => {
  "use strict";
  const known = "__KNOWN__";
  const tag = document.currentScript;
  if (!tag) return;
  const site = tag.dataset.domain || location.hostname;
  const door = tag.dataset.api || new URL("/api/event", tag.src).href;
  let from = document.referrer;
  let last;
  // The choice cookie is v1.<day>.<purposes allowed>.<purposes allowed against the browser's signal>.
  const allowed = () => {
    const no = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
    if (tag.hasAttribute("data-asked")) return !no;
    const found = document.cookie.split("; ").filter((one) => one.startsWith(known.cookie + "="));
    const parts = (found[0] || "").slice(known.cookie.length + 1).replace(/"/g, "").split(".");
    if (found.length !== 1 || parts.length !== 4 || parts[0] !== "v1") return false;
    return parts[no ? 3 : 2].split("+").map(decodeURIComponent).some((one) => one && (known.purpose + ".").startsWith(one + "."));
  };
  // Of the query only declared campaign parameters leave the page.
  const page = () => {
    const all = new URLSearchParams(location.search);
    const kept = new URLSearchParams();
    for (const name of known.campaign) if (all.has(name)) kept.set(name, all.get(name));
    const query = kept.toString();
    return location.origin + location.pathname + (query && "?" + query);
  };
  const send = (name, props) => {
    if (!allowed()) return false;
    const body = JSON.stringify({ n: name, u: page(), d: site, r: from.split(/[?#]/)[0], p: props, id: crypto.getRandomValues(new Uint32Array(4)).join("-") });
    try {
      fetch(door, { method: "POST", body, keepalive: true, mode: "no-cors", credentials: "include" }).catch(() => {});
    } catch {
      navigator.sendBeacon(door, body);
    }
    return true;
  };
  const view = () => {
    const here = page();
    if (here === last || !send("pageview")) return;
    last = from = here;
  };
  const leave = (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (link && /^https?:$/.test(link.protocol) && link.host !== location.host) send("Outbound Link: Click", { url: link.origin + link.pathname });
  };
  const push = history.pushState;
  history.pushState = function (...given) {
    push.apply(this, given);
    view();
  };
  addEventListener("popstate", view);
  addEventListener("troth:choice", view);
  document.addEventListener("click", leave, true);
  document.addEventListener("auxclick", leave, true);
  window.troth = Object.assign(window.troth || {}, { track: send });
  view();
})();
