import { useSyncExternalStore } from "react";

// What was opened, by record: here and nowhere else. A draft is what a correction starts with.
let opened = new Map();
let draft = null;
const typed = new Map();
const listeners = new Set();

function put(next) {
  opened = next;
  listeners.forEach((tell) => tell());
}

export const blur = (id) => put(new Map([...opened].filter(([own]) => own !== id)));
export const blurAll = () => { if (opened.size) put(new Map()); };
export const blurOld = () => {
  const now = Date.now();
  const kept = [...opened].filter(([, record]) => record.until > now);
  if (kept.length < opened.size) put(new Map(kept));
};
export const useOpened = () => useSyncExternalStore((tell) => { listeners.add(tell); return () => listeners.delete(tell); }, () => opened, () => opened);

export const keepDraft = (id, plain) => { draft = opened.get(id) ?? plain ?? null; };
export const draftOf = (id) => (draft && draft.id === id ? draft : null);
export const dropDraft = () => { draft = null; };

// What was typed into a form that was closed without being saved, for five minutes.
export const keepTyped = (key, values) => { typed.set(key, { values, until: Date.now() + 300_000 }); };
export const dropTyped = (key) => { typed.delete(key); };
export const typedBefore = (key) => { const kept = typed.get(key); return kept && kept.until > Date.now() ? kept.values : null; };

// The server writes the opening down before it answers. Returns "" or why it refused.
export async function open(ids, purpose, words, minutes, version = "") {
  try {
    const body = new URLSearchParams({ record: ids.join(","), purpose, words, version });
    const answer = await fetch("/records/open", { method: "POST", body, cache: "no-store" });
    const said = await answer.json();
    if (!answer.ok) return Object.values(said.fields ?? {})[0] ?? said.message;
    const until = Date.now() + minutes * 60_000;
    put(new Map([...opened, ...said.records.map((record) => [record.id, { ...record, until, purpose, words }])]));
    return "";
  } catch {
    return "No answer from the server. Check the connection and try again.";
  }
}
