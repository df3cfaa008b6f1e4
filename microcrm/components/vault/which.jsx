import { createElement as h, useEffect, useState } from "react";
import { blurAll, blurOld, open, useOpened } from "./opened.js";

// Beside a warning: what the records behind it say, for whoever may open them. Opened "to check what is safe", hidden as in the list.
export function Which({ records = "", minutes }) {
  const opened = useOpened();
  const [refused, setRefused] = useState("");
  useEffect(() => {
    const hide = () => { if (document.hidden) blurAll(); };
    const clock = setInterval(blurOld, 1000);
    document.addEventListener("visibilitychange", hide);
    return () => { clearInterval(clock); document.removeEventListener("visibilitychange", hide); blurAll(); };
  }, [records]);
  const ids = records.split(",").filter(Boolean);
  const found = ids.map((id) => opened.get(id)).filter(Boolean);
  if (!ids.length) return null;
  if (found.length) {
    return h("div", { role: "status" }, found.map((record) => h("p", { key: record.id }, h("span", { className: "strong" }, `${record.title}: `), record.fields.map(({ words }) => words).join(" · "))));
  }
  return h("div", null,
    h("button", { type: "button", className: "btn", onClick: async () => setRefused(await open(ids, "safety", "", minutes)) }, "Show which"),
    refused && h("p", { className: "error", role: "alert" }, refused));
}
