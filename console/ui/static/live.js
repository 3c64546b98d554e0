// Two small helpers; every page works without them.
// 1. Sign-in: takes the one-time code out of the address bar and posts it.
// 2. Live parts: replaces the content of elements by id as the server sends it,
//    and says plainly when the page is no longer live.
(() => {
  "use strict";

  const enter = document.querySelector("form[data-enter]");
  if (enter && location.hash.length > 1) {
    enter.elements.code.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname);
    enter.requestSubmit();
  }

  // Time spent with the sheet open is short: close it on a tap elsewhere.
  const more = document.querySelector("details.more");
  if (more) {
    document.addEventListener("click", (e) => { if (!more.contains(e.target)) more.open = false; });
    document.addEventListener("keydown", (e) => { if (e.key === "Escape") more.open = false; });
  }

  const url = document.body.dataset.live;
  if (!url || !window.EventSource) return;
  const badge = document.querySelector("[data-live-state]");
  const word = document.querySelector("[data-live-word]");
  let last = Date.now(), ended = false, source;

  const say = (on, text) => {
    if (!badge) return;
    badge.classList.toggle("on", on);
    badge.classList.toggle("off", !on);
    if (word.textContent !== text) word.textContent = text;
  };

  // morph makes the children of one element those of another, changing only what
  // differs: a focus, a selection and a half-made click survive.
  const morph = (into, from) => {
    let a = into.firstChild, b = from.firstChild;
    while (b) {
      const next = b.nextSibling;
      if (!a) {
        into.append(b);
      } else if (a.nodeName !== b.nodeName) {
        const old = a;
        a = a.nextSibling;
        old.replaceWith(b);
      } else {
        if (a.nodeType === Node.ELEMENT_NODE) {
          for (const { name } of [...a.attributes]) if (!b.hasAttribute(name)) a.removeAttribute(name);
          for (const { name, value } of b.attributes) if (a.getAttribute(name) !== value) a.setAttribute(name, value);
          morph(a, b);
        } else if (a.data !== b.data) {
          a.data = b.data;
        }
        a = a.nextSibling;
      }
      b = next;
    }
    while (a) {
      const old = a;
      a = a.nextSibling;
      old.remove();
    }
  };

  const open = () => {
    if (source) source.close();
    source = new EventSource(url);
    source.addEventListener("part", (e) => {
      const part = JSON.parse(e.data);
      const el = document.getElementById(part.id);
      if (!el) return;
      const piece = document.createElement("template");
      piece.innerHTML = part.html;
      morph(el, piece.content);
    });
    source.addEventListener("beat", () => { last = Date.now(); say(true, "Live"); });
    source.addEventListener("end", () => { ended = true; source.close(); say(false, "Ended – reload"); });
  };
  open();

  document.addEventListener("visibilitychange", () => {
    if (ended) return;
    if (document.hidden) { source.close(); source = null; } else { last = Date.now(); open(); }
  });
  addEventListener("pagehide", () => source && source.close());
  setInterval(() => {
    if (ended || document.hidden || Date.now() - last < 6000) return;
    say(false, "Not live");
    if (!source || source.readyState === EventSource.CLOSED) open();
  }, 3000);
})();
