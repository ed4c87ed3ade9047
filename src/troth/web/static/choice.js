/* The banner: shown where no choice was made and the browser sends no signal; without script, /choice does the same. */
(function () {
  "use strict";
  var own = document.currentScript, base = new URL(own.src).origin, key = "{{key}}", shown = null;

  function kept() {
    try {
      var found = key && JSON.parse(localStorage.getItem(key));
      return found && found.until > Date.now() ? found : null;
    } catch (error) {
      return null;
    }
  }

  function keep(choice) {
    try {
      if (key) localStorage.setItem(key, JSON.stringify({ value: choice.value, until: Date.now() + choice.keep * 1000 }));
    } catch (error) {
      /* a browser that keeps nothing is asked again */
    }
  }

  function ask(path, options) {
    return fetch(base + path, Object.assign({ credentials: "include", cache: "no-store" }, options)).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer;
    });
  }

  function choose(purposes) {
    var body = JSON.stringify({ allow: purposes });
    return ask("/v1/choice", { method: "POST", headers: { "Content-Type": "application/json" }, body: body })
      .then(function (answer) { return answer.json(); })
      .then(function (choice) {
        keep(choice);
        leave();
        document.dispatchEvent(new CustomEvent("troth:choice", { detail: choice }));
      });
  }

  function leave() {
    if (shown) shown.remove();
    shown = null;
  }

  function measure(box) {
    // What has the focus must not lie behind the banner: the style sheet keeps this much of the page free.
    var keep = function () {
      document.documentElement.style.setProperty("--troth-banner-height", box.offsetHeight + 32 + "px");
    };
    keep();
    if (window.ResizeObserver) new ResizeObserver(keep).observe(box);
  }

  function show(choice, asked) {
    if (shown) return shown.focus();
    var style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = base + "/static/banner.css";
    document.head.append(style);
    return ask("/choice/banner?back=" + encodeURIComponent(location.pathname)).then(function (answer) { return answer.text(); }).then(function (html) {
      var box = document.createElement("template");
      box.innerHTML = html;
      shown = box.content.firstElementChild;
      shown.addEventListener("submit", function (event) {
        var all = choice.purposes.map(function (one) { return one.purpose; }), form = event.target, button = event.submitter;
        event.preventDefault();
        choose(button && button.value === "all" ? all : []).catch(function () { form.submit(); });
      });
      document.body.prepend(shown);
      measure(shown);
      if (asked) shown.focus();
    });
  }

  function look() {
    return ask("/v1/choice").then(function (answer) { return answer.json(); });
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("[data-troth-choices]");
    if (!link) return;
    event.preventDefault();
    look().then(function (choice) { return show(choice, true); }).catch(function () { location.assign(base + "/choice"); });
  });

  function start() {
    if (kept()) return;
    look().then(function (choice) {
      if (choice.made) keep(choice);
      else if (!choice.signal && choice.purposes.length) return show(choice);
    }).catch(function () { /* nothing was chosen, and so nothing optional happens */ });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
