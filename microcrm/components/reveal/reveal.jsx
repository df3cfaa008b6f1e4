import { createElement as h, useEffect, useRef, useState } from "react";
import { Overlay } from "../../overlay/overlay/overlay.jsx";

// What was shown is in this component and nowhere else. The server writes the look down before it answers.
async function look(customer, contact, form) {
  try {
    const body = new URLSearchParams({ customer, contact, reason: form.get("reason") ?? "", words: form.get("words") ?? "" });
    const answer = await fetch("/contacts/reveal", { method: "POST", body, cache: "no-store" });
    const said = await answer.json();
    return answer.ok ? said : { problem: Object.values(said.fields ?? {})[0] ?? said.message };
  } catch {
    return { problem: "No answer from the server. Check the connection and try again." };
  }
}

// Hidden again after a while, when the tab is hidden, and on leaving.
function useShortly(shown, hide, seconds) {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (!shown) return undefined;
    const until = Date.now() + seconds * 1000;
    const tick = () => (Date.now() < until ? setLeft(Math.ceil((until - Date.now()) / 1000)) : hide());
    const leave = () => { if (document.hidden) hide(); };
    tick();
    const clock = setInterval(tick, 1000);
    document.addEventListener("visibilitychange", leave);
    window.addEventListener("pagehide", hide);
    return () => {
      clearInterval(clock);
      document.removeEventListener("visibilitychange", leave);
      window.removeEventListener("pagehide", hide);
    };
  }, [shown]);
  return left;
}

function Why({ what, reasons, onSend, onCancel }) {
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const first = useRef(null);
  useEffect(() => first.current?.focus(), []);
  const send = async (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (busy) return;
    setBusy(true);
    const refused = await onSend(new FormData(event.target));
    setBusy(false);
    if (refused) setProblem(refused);
  };
  return h("form", { className: "form", onSubmit: send, noValidate: true },
    h("fieldset", { className: "plain-set" },
      h("legend", null, `Why do you need the ${what}?`),
      h("div", { className: "choices" }, reasons.map(({ value, label }, place) => h("label", { key: value },
        h("input", { ref: place ? null : first, type: "radio", name: "reason", value, checked: reason === value, onChange: () => setReason(value) }),
        h("span", null, label))))),
    h("div", { className: "field" },
      h("label", { htmlFor: "reveal-words" }, "In your own words", reason !== "other" && h("span", { className: "optional" }, " (optional)")),
      h("input", { id: "reveal-words", name: "words", className: "input", maxLength: 200, autoComplete: "off", "aria-describedby": "reveal-hint" }),
      h("p", { className: "hint", id: "reveal-hint" }, "Each look is kept with your name and reason. It counts as one of today’s.")),
    problem && h("p", { className: "error", role: "alert" }, problem),
    h("footer", null,
      h("button", { type: "button", className: "btn", onClick: onCancel }, "Cancel"),
      h("button", { type: "submit", className: "btn btn-primary", disabled: busy }, busy ? "Asking…" : "Show it")));
}

export function Reveal({ customer, contact, what, masked, reasons = [], seconds, left, onShown }) {
  const [asking, setAsking] = useState(false);
  const [found, setFound] = useState(null);
  const box = useRef(null);
  const hide = () => setFound(null);
  useEffect(() => { hide(); setAsking(false); }, [customer, contact]);
  useEffect(() => { if (found) box.current?.focus(); }, [found]);
  const until = useShortly(found, hide, seconds);
  const send = async (form) => {
    const said = await look(customer, contact, form);
    if (said.problem) return said.problem;
    setAsking(false);
    setFound(said);
    onShown?.();
    return "";
  };
  if (found) {
    return h("span", { className: "reveal" },
      h("a", { ref: box, href: found.link, className: "num" }, found.value),
      h("button", { type: "button", className: "btn-link", onClick: hide }, "Hide"),
      h("small", { className: "meta num" }, `hidden again in ${until} s`));
  }
  const none = left === 0;
  return h("span", { className: "reveal" },
    h("span", { className: "num" }, masked),
    none ? null : h("button", { type: "button", className: "btn-link", "aria-label": `Show the ${what}`, onClick: () => setAsking(true) }, "Show"),
    left >= 0 && h("small", { className: "meta num" }, none ? "No looks left today" : `${left} left today`),
    h(Overlay, { open: asking, onClose: () => setAsking(false), title: `Show the ${what}`, className: "dialog" },
      asking && h(Why, { what, reasons, onSend: send, onCancel: () => setAsking(false) })));
}
