import { createElement as h, useEffect, useRef, useState } from "react";
import { Command } from "cmdk";
import { useNavigate } from "react-router";

const WAIT_MS = 200;

function Line({ entry, pick }) {
  return h(Command.Item, { value: entry.href, keywords: [entry.label, entry.hint ?? ""], onSelect: () => pick(entry.href) },
    h("span", null, entry.label), entry.hint && h("small", null, entry.hint));
}

export default function Box({ open, setOpen, entries = [], allowed = [], found = [], searches, onSearch }) {
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const timer = useRef(0);
  const ask = useRef(onSearch);
  ask.current = onSearch;
  useEffect(() => {
    clearTimeout(timer.current);
    if (open && searches) timer.current = setTimeout(() => ask.current?.(words.trim()), WAIT_MS);
  }, [words, open]);
  const close = (next) => { setOpen(next); if (!next) setWords(""); };
  const pick = (href) => { close(false); navigate(href); };
  const typed = words.trim().toLowerCase();
  const pages = entries.filter((entry) => allowed.includes(entry.needs)).filter((entry) => !typed || `${entry.label} ${entry.hint ?? ""}`.toLowerCase().includes(typed));
  return h(Command.Dialog, { open, onOpenChange: close, label: "Find anything", shouldFilter: false, overlayClassName: "scrim", contentClassName: "palette" },
    h(Command.Input, { value: words, onValueChange: setWords, placeholder: "Search customers, or go to…" }),
    h(Command.List, null,
      h(Command.Empty, null, `Nothing found for “${words}”`),
      typed && found.length > 0 && h(Command.Group, { heading: "Customers" }, found.map((entry) => h(Line, { key: entry.href, entry, pick }))),
      pages.length > 0 && h(Command.Group, { heading: "Go to" }, pages.map((entry) => h(Line, { key: entry.href, entry, pick })))));
}
