import { createElement as h, useEffect, useRef, useState } from "react";
import { draftOf, dropDraft } from "./opened.js";

// What is typed stays in this form: it is sent once, with Save, and is no State.
function control(field, value, props) {
  if (field.shape === "note") return h("textarea", { ...props, defaultValue: value, maxLength: 4000 });
  if (field.shape === "choice") {
    return h("select", { ...props, defaultValue: value },
      h("option", { value: "" }, field.required ? "Choose" : "Not said"),
      field.options.map((option) => h("option", { key: option.value, value: option.value }, option.label)));
  }
  const type = { day: "date", phone: "tel" }[field.shape] ?? "text";
  const input = h("input", { ...props, type, defaultValue: value, maxLength: 200, autoComplete: "off", inputMode: field.shape === "number" ? "decimal" : undefined });
  return field.unit ? h("div", { className: "affix" }, input, h("span", null, field.unit)) : input;
}

function Field({ field, value, error }) {
  const id = `sealed-${field.name}`;
  const about = [field.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return h("div", { className: "field" },
    h("label", { htmlFor: id }, field.label, !field.required && h("span", { className: "optional" }, " (optional)")),
    control(field, value, { id, name: field.name, className: "input", "aria-invalid": error ? "true" : "false", "aria-describedby": about }),
    field.hint && h("p", { className: "hint", id: `${id}-hint` }, field.hint),
    error && h("p", { className: "error", id: `${id}-error` }, error));
}

export function SealedForm({ form, errors = {}, busy, onSave, onClose }) {
  const [draft] = useState(() => draftOf(form.record_id));
  const box = useRef(null);
  useEffect(() => dropDraft, []);
  useEffect(() => box.current?.querySelector('[aria-invalid="true"]')?.focus(), [errors]);
  const values = Object.fromEntries((draft?.fields ?? []).map((field) => [field.name, field.value]));
  const day = { name: "day", label: form.day_label, shape: "day", required: true };
  const save = (event) => {
    event.preventDefault();
    const typed = Object.fromEntries(new FormData(event.target));
    const { day: on, ...rest } = typed;
    onSave?.({ day: on, values: rest });
  };
  return h("form", { className: "form", ref: box, onSubmit: save, noValidate: true },
    h(Field, { field: day, value: draft?.date ?? form.day, error: errors.day }),
    form.fields.map((field) => h(Field, { key: field.name, field, value: values[field.name] ?? "", error: errors[field.name] })),
    h("p", { className: "meta" }, "Sealed before it is stored. Whoever opens it says why, and that is kept."),
    h("footer", null,
      h("button", { type: "submit", className: "btn btn-primary", disabled: busy }, busy ? "Sealing…" : "Save"),
      h("button", { type: "button", className: "btn", onClick: () => onClose?.() }, "Cancel")));
}
