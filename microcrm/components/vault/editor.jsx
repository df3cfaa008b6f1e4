import { createElement as h, useEffect, useRef, useState } from "react";
import { asked } from "./asked.js";
import { Field, YES_NO } from "./field.jsx";

const CHOOSE = ["choice", "choices"], DECIDE = [...CHOOSE, "yes_no"];
const EMPTY = { name: "", how: "drawn", strokes: [] };
let made = 0;
const own = () => `new-${(made += 1)}`;
const fresh = (shape) => ({ key: own(), name: "", label: "", shape, required: false, hint: "", unit: "", low: shape === "scale" ? "1" : "0", high: shape === "scale" ? "5" : "100", decimals: "1", ends: ["", ""], is_sensitive: true, only_if: null,
  options: CHOOSE.includes(shape) ? [{ value: "", words: "", key: own() }, { value: "", words: "", key: own() }] : [] });
const known = (field) => ({ ...field, key: field.name, low: String(field.low), high: String(field.high), decimals: String(field.decimals), only_if: field.only_if.name ? field.only_if : null,
  options: field.options.map(({ value, label }) => ({ value, words: label, key: value })) });
const press = (words, onClick, more = {}) => h("button", { type: "button", className: "btn", onClick, ...more }, words);

function Line({ id, label, value, error, hint, onChange, ...more }) {
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return h("div", { className: "field" }, h("label", { htmlFor: id }, label),
    h("input", { id, className: "input", type: "text", value, autoComplete: "off", "aria-invalid": error ? "true" : "false", "aria-describedby": about, onChange: (event) => onChange(event.target.value), ...more }),
    hint && h("p", { className: "hint", id: `${id}-hint` }, hint), error && h("p", { className: "error", id: `${id}-error` }, error));
}

const Tick = ({ label, checked, onChange, ...more }) => h("label", { className: "check" }, h("input", { type: "checkbox", checked, onChange: (event) => onChange(event.target.checked), ...more }), h("span", null, label));

// An answer of the question before is named by its place while it has no value of its own yet.
const answers = (field) => (field.shape === "yes_no" ? YES_NO : field.options.map(({ value, words, key }) => ({ value: value || key, label: words || "(without words)" })));

function Condition({ id, field, earlier, error, put }) {
  const chosen = field.only_if, on = earlier.find((one) => (one.name || one.key) === chosen?.name);
  const choose = (name) => { const next = earlier.find((one) => (one.name || one.key) === name); put({ only_if: next ? { name, value: answers(next)[0].value } : null }); };
  return h("div", { className: "field" }, h("label", { htmlFor: `${id}-if` }, "Ask it"),
    h("select", { id: `${id}-if`, className: "input", value: chosen?.name ?? "", "aria-invalid": error ? "true" : "false", onChange: (event) => choose(event.target.value) },
      h("option", { value: "" }, "Always"), earlier.map((one) => h("option", { key: one.key, value: one.name || one.key }, `Only depending on: ${one.label || "(without words)"}`))),
    on && h("select", { className: "input", "aria-label": "Only if the answer is", value: chosen.value, onChange: (event) => put({ only_if: { ...chosen, value: event.target.value } }) },
      answers(on).map(({ value, label }) => h("option", { key: value, value }, `${on.shape === "choices" ? "if it includes" : "if it is"} ${label}`))),
    error && h("p", { className: "error" }, error));
}

function Options({ id, options, error, put }) {
  const change = (place, words) => put({ options: options.map((one, other) => (other === place ? { ...one, words } : one)) });
  return h("fieldset", { className: "field" }, h("legend", null, "Answers to choose from"),
    h("div", { className: "stack" }, options.map((one, place) => h("div", { key: one.key, className: "row" },
      h("input", { className: "input spring", "aria-label": `Answer ${place + 1}`, "aria-invalid": error ? "true" : "false", maxLength: 120, value: one.words, onChange: (event) => change(place, event.target.value) }),
      press("Remove", () => put({ options: options.filter((_, other) => other !== place) }), { "aria-label": `Remove answer ${place + 1}` })))),
    error && h("p", { className: "error" }, error),
    press("Add an answer", () => put({ options: [...options, { value: "", words: "", key: own() }] })));
}

function Question({ field, place, last, shapes, earlier, errors, isOpen, put, move, drop }) {
  const id = `field-${field.key}`, wrong = (name) => errors[`fields.${place}.${name}`];
  const said = shapes.find(({ value }) => value === field.shape)?.label;
  const about = [said, field.required && "required", !field.is_sensitive && "not sensitive", field.only_if && "only sometimes"].filter(Boolean).join(", ");
  const text = (name, label, more = {}) => h(Line, { id: `${id}-${name}`, label, value: field[name], error: wrong(name), onChange: (value) => put({ [name]: value }), ...more });
  return h("li", null, h("details", { className: "question", open: isOpen || Object.keys(errors).some((name) => name.startsWith(`fields.${place}.`)) || undefined },
    h("summary", null, h("span", { className: "strong" }, `${place + 1}. ${field.label || "New question"}`), h("span", { className: "meta" }, about)),
    h("div", { className: "stack" },
      text("label", "Question", { maxLength: 200 }),
      text("hint", "Help text (optional)", { maxLength: 300 }),
      field.shape === "number" && text("unit", "Unit (optional)", { maxLength: 20, hint: "As kg, cm, mmHg" }),
      ["number", "scale"].includes(field.shape) && h("div", { className: "grid-2" }, text("low", "The least", { inputMode: "numeric" }), text("high", "The most", { inputMode: "numeric" })),
      field.shape === "number" && text("decimals", "Digits after the point", { inputMode: "numeric", hint: "0, 1 or 2" }),
      field.shape === "scale" && h("div", { className: "grid-2" }, ["Words at the least", "Words at the most"].map((label, end) => h(Line, { key: label, id: `${id}-end-${end}`, label, value: field.ends[end], maxLength: 40, onChange: (value) => put({ ends: field.ends.map((one, other) => (other === end ? value : one)) }) }))),
      CHOOSE.includes(field.shape) && h(Options, { id, options: field.options, error: wrong("options"), put }),
      h(Tick, { label: "Must be answered", checked: field.required, onChange: (required) => put({ required }) }),
      h(Tick, { label: "Sensitive: sealed, and opened for a purpose only", checked: field.is_sensitive || field.shape === "signature", disabled: field.shape === "signature", onChange: (is_sensitive) => put({ is_sensitive }) }),
      earlier.length > 0 && h(Condition, { id, field, earlier, error: wrong("only_if"), put }),
      h("div", { className: "row" }, press("Move up", () => move(-1), { disabled: place === 0 }), press("Move down", () => move(1), { disabled: last }), press("Remove", drop, { className: "btn btn-danger" })))));
}

// As it will be filled in; nothing is kept.
function Preview({ fields }) {
  const [typed, setTyped] = useState({});
  const rows = fields.map((field) => ({ ...field, name: field.name || field.key, label: field.label || "New question", low: Number(field.low), high: Number(field.high), options: answers(field), only_if: field.only_if ?? {} }));
  const value = (field) => typed[field.name] ?? (field.shape === "signature" ? EMPTY : "");
  const fits = (field) => field.shape !== "scale" || (field.high > field.low && field.high - field.low <= 10);
  const here = asked(rows, typed);
  return h("div", { className: "form fill preview" }, rows.filter((field) => here.has(field.name) && fits(field)).map((field) => h(Field, { key: field.key, field, value: value(field), onChange: (next) => setTyped((now) => ({ ...now, [field.name]: next })) })));
}

function Who({ legend, roles, value, within, onChange }) {
  return h("fieldset", { className: "field" }, h("legend", null, legend), h("div", { className: "stack" },
    roles.map(({ value: role, label }, place) => h(Tick, { key: role, label, checked: place === 0 || value.includes(role), disabled: place === 0 || !within.includes(role), onChange: (on) => onChange(on ? [...value, role] : value.filter((one) => one !== role)) }))));
}

export function FormEditor({ form, shapes = [], roles = [], errors = {}, busy, onSave, onClose }) {
  const [text, setText] = useState({ title: form.title, day_label: form.day_label, readers: form.readers, writers: form.writers });
  const [fields, setFields] = useState(() => form.fields.map(known));
  const [latest, setLatest] = useState("");
  const [shape, setShape] = useState("line");
  const [previews, setPreviews] = useState(false);
  const box = useRef(null), publishes = useRef(false);
  useEffect(() => box.current?.querySelector('[aria-invalid="true"]')?.focus(), [errors]);
  const write = (change) => setText((now) => ({ ...now, ...change }));
  const put = (key) => (change) => setFields((now) => now.map((one) => (one.key === key ? { ...one, ...change } : one)));
  const move = (place, by) => setFields((now) => { const next = [...now]; [next[place], next[place + by]] = [next[place + by], next[place]]; return next; });
  const add = () => { const field = fresh(shape); setLatest(field.key); setFields((now) => [...now, field]); };
  const save = (event) => {
    event.preventDefault();
    const rows = fields.map(({ key, ...rest }) => ({ ...rest, name: rest.name || key.replace("new-", "new_"), options: rest.options.map(({ value, words, key: place }) => ({ value: value || place.replace("new-", "new_"), words })),
      only_if: rest.only_if && { name: rest.only_if.name.replace("new-", "new_"), value: rest.only_if.value.replace("new-", "new_") } }));
    onSave?.({ text: { title: text.title, day_label: text.day_label, fields: rows }, readers: text.readers, writers: text.writers.filter((role) => text.readers.includes(role)), is_published: publishes.current });
  };
  const send = (words, kind, doesPublish) => h("button", { type: "submit", className: kind, disabled: busy, onClick: () => { publishes.current = doesPublish; } }, words);
  return h("form", { className: "form", ref: box, onSubmit: save, noValidate: true },
    h(Line, { id: "form-title", label: "Name of the form", value: text.title, error: errors.title, maxLength: 80, onChange: (title) => write({ title }) }),
    h(Line, { id: "form-day", label: "Name of the day", hint: "As “Signed on” or “Measured on”: the day stands outside the seal", value: text.day_label, error: errors.day_label, maxLength: 40, onChange: (day_label) => write({ day_label }) }),
    h("div", { className: "row between" }, h("h3", null, "Questions"), press(previews ? "Back to the questions" : "Preview", () => setPreviews(!previews), { "aria-pressed": previews })),
    errors.fields && h("p", { className: "error", role: "alert" }, errors.fields),
    previews ? h(Preview, { fields }) : h("ol", { className: "questions" }, fields.map((field, place) => h(Question, { key: field.key, field, place, last: place === fields.length - 1, shapes, errors, isOpen: field.key === latest, earlier: fields.slice(0, place).filter((one) => DECIDE.includes(one.shape) && answers(one).length), put: put(field.key), move: (by) => move(place, by), drop: () => setFields((now) => now.filter((one) => one.key !== field.key)) }))),
    !previews && h("div", { className: "row" },
      h("select", { className: "input spring", "aria-label": "Kind of question", value: shape, onChange: (event) => setShape(event.target.value) }, shapes.map(({ value, label }) => h("option", { key: value, value }, label))),
      press("Add a question", add)),
    h("div", { className: "grid-2" },
      h(Who, { legend: "Who may open it", roles, value: text.readers, within: roles.map(({ value }) => value), onChange: (readers) => write({ readers }) }),
      h(Who, { legend: "Who fills it in", roles, value: text.writers, within: text.readers, onChange: (writers) => write({ writers }) })),
    h("p", { className: "meta" }, form.issued ? `Version ${form.issued} is in use until you publish. Answers keep the version that they were given for.` : "Nobody can fill it in until you publish it."),
    h("footer", null, send(busy ? "Saving…" : "Publish", "btn btn-primary", true), send("Save as a draft", "btn", false), press("Cancel", () => onClose?.())));
}
