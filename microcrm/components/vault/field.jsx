import { createElement as h, useState } from "react";
import { Signature } from "./signature.jsx";

const RADIOS = 7; // more answers than these are a select
export const YES_NO = [{ value: "yes", label: "Yes" }, { value: "no", label: "No" }];

function wrong(field, typed) {
  if (field.shape !== "number" || typed.trim() === "") return "";
  const number = Number(typed.trim().replace(",", "."));
  return Number.isFinite(number) && number >= field.low && number <= field.high ? "" : `${field.label} must be a number from ${field.low} to ${field.high}.`;
}

function Pick({ field, kind, options, value, invalid, about, onPick }) {
  const chosen = value === "" ? [] : value.split(",");
  const pick = (one, on) => onPick(kind === "radio" ? one : options.map(({ value: own }) => own).filter((own) => (own === one ? on : chosen.includes(own))).join(","));
  const row = ({ value: own, label }) => h("label", { key: own || "none" },
    h("input", { type: kind, name: field.name, value: own, checked: own === "" ? value === "" : chosen.includes(own), [kind === "radio" ? "data-invalid" : "aria-invalid"]: invalid ? "true" : undefined, "aria-describedby": about, onChange: (event) => pick(own, event.target.checked) }),
    h("span", null, label));
  const unsaid = kind === "radio" && !field.required ? [{ value: "", label: "Not said" }] : [];
  return h("div", { className: field.shape === "scale" ? "scale" : "choices" }, [...options, ...unsaid].map(row));
}

function steps({ low, high }) {
  return Array.from({ length: high - low + 1 }, (_, place) => ({ value: String(low + place), label: String(low + place) }));
}

// ``value``: text for each shape (answers of "several" with commas between), an object for a signature.
export function Field({ field, value, error: refused, onChange }) {
  const [own, setOwn] = useState("");
  const error = own || refused;
  const id = `sealed-${field.name}`;
  const about = [field.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const words = [field.label, !field.required && h("span", { key: "o", className: "optional" }, " (optional)")];
  const below = [field.hint && h("p", { key: "h", className: "hint", id: `${id}-hint` }, field.hint), error && h("p", { key: "e", className: "error", id: `${id}-error` }, error)];
  const group = (control) => h("fieldset", { className: "field" }, h("legend", null, words), control, below);
  const pick = (kind, options) => group(h(Pick, { field, kind, options, value, invalid: error, about, onPick: onChange }));
  if (field.shape === "signature") return group(h(Signature, { field, value, error, about, onChange }));
  if (field.shape === "choices") return pick("checkbox", field.options);
  if (field.shape === "yes_no") return pick("radio", YES_NO);
  if (field.shape === "choice" && field.options.length <= RADIOS) return pick("radio", field.options);
  if (field.shape === "scale") {
    return group([h(Pick, { key: "s", field, kind: "radio", options: steps(field), value, invalid: error, about, onPick: onChange }),
      field.ends.some(Boolean) && h("p", { key: "w", className: "scale-ends meta" }, h("span", null, field.ends[0]), h("span", null, field.ends[1]))]);
  }
  const props = { id, name: field.name, className: "input", value, "aria-invalid": error ? "true" : "false", "aria-describedby": about, onChange: (event) => { setOwn(""); onChange(event.target.value); }, onBlur: (event) => setOwn(wrong(field, event.target.value)) };
  return h("div", { className: "field" }, h("label", { htmlFor: id }, words), control(field, props), below);
}

function control(field, props) {
  if (field.shape === "note") return h("textarea", { ...props, maxLength: 4000 });
  if (field.shape === "choice") {
    return h("select", props,
      h("option", { value: "" }, field.required ? "Choose" : "Not said"),
      field.options.map((option) => h("option", { key: option.value, value: option.value }, option.label)));
  }
  const type = { day: "date", phone: "tel" }[field.shape] ?? "text";
  const input = h("input", { ...props, type, maxLength: 200, autoComplete: "off", inputMode: field.shape === "number" && field.low >= 0 ? "decimal" : undefined });
  return field.unit ? h("div", { className: "affix" }, input, h("span", null, field.unit)) : input;
}
