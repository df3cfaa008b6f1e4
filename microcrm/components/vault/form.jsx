import { createElement as h, useEffect, useRef, useState } from "react";
import { asked } from "./asked.js";
import { Field } from "./field.jsx";
import { draftOf, dropDraft, dropTyped, keepTyped, typedBefore } from "./opened.js";

const EMPTY = { name: "", how: "drawn", strokes: [] };

function start(form) {
  const draft = draftOf(form.record_id);
  const known = Object.fromEntries((draft?.fields ?? []).map((field) => [field.name, field.value]));
  const typed = Object.fromEntries(form.fields.map((field) => [field.name, field.shape === "signature" ? EMPTY : known[field.name] ?? ""]));
  return { day: draft?.date ?? form.day, ...typed };
}

// What is typed stays in this form: it is sent once, with Save, and is no State.
export function SealedForm({ form, errors = {}, busy, onSave, onClose }) {
  const key = `${form.customer}:${form.form_id}:${form.number}:${form.record_id}`;
  const [before] = useState(() => typedBefore(key));
  const [typed, setTyped] = useState(() => before ?? start(form));
  const latest = useRef({ typed, busy, dirty: Boolean(before) });
  const box = useRef(null);
  latest.current.typed = typed;
  latest.current.busy = busy;
  useEffect(() => {
    const warn = (event) => { if (latest.current.dirty && !latest.current.busy) event.preventDefault(); };
    window.addEventListener("beforeunload", warn);
    return () => {
      window.removeEventListener("beforeunload", warn);
      dropDraft();
      // Closed while it was being saved: it is saved. Otherwise a slip of the finger, perhaps.
      latest.current.dirty && !latest.current.busy ? keepTyped(key, latest.current.typed) : dropTyped(key);
    };
  }, []);
  useEffect(() => box.current?.querySelector('[aria-invalid="true"], [data-invalid="true"]')?.focus(), [errors]);
  const put = (name) => (value) => { latest.current.dirty = true; setTyped((now) => ({ ...now, [name]: value })); };
  const here = asked(form.fields, typed);
  const save = (event) => {
    event.preventDefault();
    const { day, ...rest } = typed;
    onSave?.({ day, values: Object.fromEntries(Object.entries(rest).filter(([name]) => here.has(name))) });
  };
  const on = { name: "day", label: form.day_label, shape: "day", required: true };
  return h("form", { className: "form fill", ref: box, onSubmit: save, noValidate: true },
    before && h("p", { className: "meta", role: "status" }, "You go on where you stopped."),
    h(Field, { field: on, value: typed.day, error: errors.day, onChange: put("day") }),
    form.fields.filter((field) => here.has(field.name)).map((field) => h(Field, { key: field.name, field, value: typed[field.name], error: errors[field.name], onChange: put(field.name) })),
    h("p", { className: "meta" }, form.is_sealed ? "Sealed before it is stored. Whoever opens it says why, and that is kept." : "Whoever may open this form sees the answers."),
    h("footer", null,
      h("button", { type: "submit", className: "btn btn-primary", disabled: busy }, busy ? "Saving…" : "Save"),
      h("button", { type: "button", className: "btn", onClick: () => onClose?.() }, "Cancel")));
}
