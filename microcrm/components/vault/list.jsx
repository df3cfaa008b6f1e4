import { createElement as h, useEffect, useRef, useState } from "react";
import { Chart } from "./chart.jsx";
import { Drawn } from "./signature.jsx";
import { blur, blurAll, blurOld, keepDraft, open, useOpened } from "./opened.js";

const LOCK = "M5 11h14a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM7 11V7a5 5 0 0 1 10 0v4";
const lock = () => h("svg", { className: "icon icon-s", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 2, strokeLinecap: "round", "aria-hidden": true }, h("path", { d: LOCK }));
const press = (words, onClick, kind = "btn", more = {}) => h("button", { type: "button", className: kind, onClick, ...more }, words);

function useClock(ticking) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!ticking) return undefined;
    const clock = setInterval(() => { blurOld(); tick((count) => count + 1); }, 1000);
    return () => clearInterval(clock);
  }, [ticking]);
}

// Leaving is hiding the tab, another page, another customer.
function useForgetting() {
  useEffect(() => {
    const hide = () => { if (document.hidden) blurAll(); };
    document.addEventListener("visibilitychange", hide);
    window.addEventListener("pagehide", blurAll);
    return () => {
      document.removeEventListener("visibilitychange", hide);
      window.removeEventListener("pagehide", blurAll);
      blurAll();
    };
  }, []);
}

function Why({ what, ids, versions = 1, purposes, minutes, onDone, onCancel }) {
  const [problem, setProblem] = useState("");
  const [purpose, setPurpose] = useState("");
  const [busy, setBusy] = useState(false);
  const first = useRef(null);
  useEffect(() => first.current?.focus(), []);
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    const said = new FormData(event.target);
    const refused = await open(ids, purpose, said.get("words") ?? "", minutes, said.get("version") ?? "");
    setBusy(false);
    refused ? setProblem(refused) : onDone();
  };
  return h("form", { className: "why", onSubmit: send, onKeyDown: (event) => { if (event.key === "Escape") onCancel(); } },
    h("fieldset", null,
      h("legend", null, `Why do you open ${what}?`),
      h("div", { className: "choices" }, purposes.map(({ value, label }, place) => h("label", { key: value },
        h("input", { ref: place ? null : first, type: "radio", name: "purpose", value, checked: purpose === value, onChange: () => setPurpose(value) }),
        h("span", null, label))))),
    versions > 1 && h("div", { className: "field" },
      h("label", { htmlFor: "why-version" }, "Which version"),
      h("select", { id: "why-version", name: "version", className: "input" },
        Array.from({ length: versions }, (_, place) => versions - place).map((number) => h("option", { key: number, value: number === versions ? "" : number }, number === versions ? `As it is now (version ${number})` : `Version ${number}`)))),
    h("div", { className: "field" },
      h("label", { htmlFor: "why-words" }, "In your own words", purpose !== "other" && h("span", { className: "optional" }, " (optional)")),
      h("input", { id: "why-words", name: "words", className: "input", maxLength: 200, autoComplete: "off", "aria-describedby": "why-hint" }),
      h("p", { className: "hint", id: "why-hint" }, "This is kept in the log with your name. Nothing about the customer’s health here.")),
    problem && h("p", { className: "error", role: "alert" }, problem),
    h("div", { className: "form-actions" },
      h("button", { type: "submit", className: "btn btn-primary", disabled: busy }, busy ? "Opening…" : "Open"),
      press("Cancel", onCancel)));
}

// On paper, for the purpose that it was opened for: a reading of its own, which the log calls printed.
function Print({ record }) {
  const sent = { record: record.id, version: record.version === record.latest ? "" : record.version, purpose: record.purpose, words: record.words };
  return h("form", { method: "post", action: "/records/print", target: "_blank" },
    Object.entries(sent).map(([name, value]) => h("input", { key: name, type: "hidden", name, value })),
    h("button", { type: "submit", className: "btn", "aria-label": `Print ${record.title}, ${record.day}` }, "Print"));
}

function Answers({ fields }) {
  const said = (field) => (field.drawn ? [h(Drawn, { key: "d", path: field.drawn, label: field.label }), h("span", { key: "w" }, field.words)] : field.words);
  return h("dl", null, fields.map((field) => h("div", { key: field.name }, h("dt", null, field.label), h("dd", null, said(field)))));
}

function Fields({ record }) {
  const left = Math.max(0, Math.ceil((record.until - Date.now()) / 1000));
  const box = useRef(null);
  useEffect(() => {
    box.current.closest(".sealed-row").scrollIntoView({ block: "nearest" });
    box.current.focus({ preventScroll: true });
  }, []);
  return h("div", { className: "sealed-open", ref: box, tabIndex: -1 },
    record.version !== record.latest && h("p", { className: "strong" }, `Version ${record.version} of ${record.latest}, written ${record.written}`),
    h(Answers, { fields: record.fields }),
    h("p", { className: "meta num" }, `Hidden again in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`));
}

function Sealed({ row, record, asks, ask, correct }) {
  const hidden = h("p", { className: "sealed-blur", "aria-hidden": true }, h("i"), h("i"), h("i"));
  const actions = !row.has_sealed
    ? [row.can_correct && press("Correct", correct, "btn", { key: "c", "aria-label": `Correct ${row.label}, ${row.day}` })]
    : record
    ? [row.can_correct && record.version === record.latest && press("Correct", correct, "btn", { key: "c" }), h(Print, { key: "p", record }), press("Hide", () => blur(row.id), "btn", { key: "h" })]
    : [row.can_open && press("Open", ask, "btn", { key: "o", "aria-expanded": asks, "aria-label": `Open ${row.label}, ${row.day}` })];
  const closed = row.can_open ? row.has_sealed && hidden : h("p", { className: "meta" }, row.is_erased ? "Erased: its key was destroyed, nobody can read it." : "Your role does not open records of this kind.");
  return h("div", { className: "sealed-row" },
    h("span", { className: "sealed-mark" }, lock()),
    h("div", { className: "sealed-what" }, h("p", { className: "strong" }, row.label), h("p", { className: "meta" }, row.detail)),
    h("div", { className: "row" }, actions),
    h("div", { className: "sealed-text" }, !record && row.plain.length > 0 && h("div", { className: "sealed-plain" }, h(Answers, { fields: row.plain })), record ? h(Fields, { record }) : closed));
}

// Of each form with numbers that was filled in at least twice: a button, and what was opened is drawn.
function Charts({ rows, opened, asking, ask, why }) {
  const groups = new Map();
  for (const row of rows) if (row.has_numbers && row.can_open) groups.set(row.form_id, [...(groups.get(row.form_id) ?? []), row]);
  return [...groups].filter(([, own]) => own.length > 1).map(([form, own]) => {
    const plain = own.filter((row) => !row.has_sealed).map((row) => ({ date: row.date, day: row.day, fields: row.plain }));
    const drawn = [...own.filter((row) => opened.has(row.id)).map((row) => opened.get(row.id)), ...plain];
    const sealed = own.filter((row) => row.has_sealed);
    return h("div", { key: form },
      drawn.length < 2 && sealed.length > 0 && h("div", { className: "vault-chart" },
        press(`${own[0].label}: show over time`, () => ask(`chart ${form}`), "btn", { "aria-expanded": asking === `chart ${form}` }),
        asking === `chart ${form}` && why(`${Math.min(sealed.length, 50)} records`, sealed.slice(0, 50).map((row) => row.id))),
      h(Chart, { records: drawn }));
  });
}

export function SealedList({ rows = [], purposes = [], minutes, onOpened, onCorrect }) {
  const opened = useOpened();
  const [asking, setAsking] = useState(null);
  useClock(opened.size > 0);
  useForgetting();
  const why = (what, ids, versions) => h(Why, { what, ids, versions, purposes, minutes, onCancel: () => setAsking(null), onDone: () => { setAsking(null); onOpened?.(); } });
  const correct = (row) => { keepDraft(row.id, row.has_sealed ? null : { id: row.id, date: row.date, fields: row.plain }); onCorrect?.(row.id); };
  return h("div", { className: "vault" },
    h(Charts, { rows, opened, asking, ask: setAsking, why }),
    h("ol", { className: "sealed-list" }, rows.map((row) => h("li", { key: row.id },
      h(Sealed, { row, record: row.can_open ? opened.get(row.id) : null, asks: asking === row.id, ask: () => setAsking(row.id), correct: () => correct(row) }),
      asking === row.id && !opened.has(row.id) && why("this record", [row.id], row.version)))));
}
