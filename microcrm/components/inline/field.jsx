import { createElement as h, useEffect, useRef } from "react";

const PENCIL = "M12 20h9M16.5 3.5a2.1 2.1 0 0 1 3 3L7 19l-4 1 1-4Z";
const pencil = () => h("svg", { className: "icon icon-s", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 2, strokeLinecap: "round", strokeLinejoin: "round", "aria-hidden": true }, h("path", { d: PENCIL }));

// What is typed stays in the box until it is saved or left: an answer of the server never changes it.
function Form({ name, label, start, kind, error, busy, family, onSave, onCancel }) {
  const box = useRef(null), id = `inline-${name}`;
  useEffect(() => { box.current.focus(); box.current.select?.(); }, []);
  useEffect(() => { if (error) box.current.focus(); }, [error]);
  const save = (event) => {
    event?.preventDefault();
    if (!busy) onSave?.(name, box.current.value, Boolean(box.current.form.elements.is_family?.checked));
  };
  const keys = (event) => {
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); onCancel?.(); }
    if (event.key === "Enter" && kind === "lines" && !event.shiftKey) save(event);
  };
  const props = { ref: box, id, name, className: "input", defaultValue: start, autoComplete: "off", onKeyDown: keys, "aria-invalid": error ? "true" : "false", "aria-describedby": error ? `${id}-error` : undefined };
  return h("form", { className: "inline-form", onSubmit: save, noValidate: true },
    h("label", { htmlFor: id, className: "sr-only" }, label),
    kind === "lines" ? h("textarea", { ...props, rows: 3 }) : h("input", { ...props, type: kind }),
    family && h("label", { className: "check" }, h("input", { type: "checkbox", name: "is_family" }), h("span", null, family)),
    error && h("p", { className: "error", id: `${id}-error`, role: "alert" }, error),
    h("div", { className: "row" },
      h("button", { type: "submit", className: "btn btn-primary", disabled: busy }, busy ? "Saving…" : "Save"),
      h("button", { type: "button", className: "btn", onClick: () => onCancel?.() }, "Cancel")));
}

export function InlineField({ name, label, editing, children, onBegin, ...rest }) {
  const press = useRef(null), was = useRef(false);
  useEffect(() => {
    if (was.current && !editing) press.current?.focus();
    was.current = editing;
  }, [editing]);
  if (editing) return h(Form, { name, label, ...rest });
  const begin = () => onBegin?.(name);
  return h("div", { className: "inline" },
    h("div", { className: "inline-value", onClick: (event) => { if (!event.target.closest("button, a, input")) begin(); } }, children),
    h("button", { type: "button", ref: press, className: "inline-press", "aria-label": `Change ${label}`, title: `Change ${label}`, onClick: begin }, pencil()));
}
