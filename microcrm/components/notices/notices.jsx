import { createElement as h, useEffect, useRef, useState } from "react";

const STAY_MS = 8000;
const MARK = { ok: "M20 6 9 17l-5-5", bad: "M12 8v5m0 3.5v.01M12 3 2.5 20h19z", info: "M12 11v6m0-10v.01" };

function Notice({ notice, onDismiss, onUndo, onTell }) {
  const [held, hold] = useState(false);
  const stays = notice.tone === "bad"; // a failure waits until it is read
  useEffect(() => {
    if (held || stays) return;
    const timer = setTimeout(() => onDismiss(notice.id), STAY_MS);
    return () => clearTimeout(timer);
  }, [held, stays, notice.id]);
  const holds = { onMouseEnter: () => hold(true), onMouseLeave: () => hold(false), onFocus: () => hold(true), onBlur: () => hold(false) };
  return h("div", { className: `notice notice-${notice.tone}`, ...holds },
    h("svg", { className: "icon", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeLinecap: "round", strokeLinejoin: "round", "aria-hidden": true },
      h("path", { d: MARK[notice.tone] ?? MARK.info })),
    h("p", null, notice.text),
    notice.tell && onTell && h("button", { type: "button", className: "notice-act", onClick: () => onTell(notice.tell) }, "Tell customer"),
    notice.undo && h("button", { type: "button", className: "notice-act", onClick: () => onUndo(notice.undo) }, "Undo"),
    h("button", { type: "button", className: "close", "aria-label": "Dismiss", onClick: () => onDismiss(notice.id) },
      h("svg", { className: "icon icon-s", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeLinecap: "round", "aria-hidden": true }, h("path", { d: "M18 6 6 18M6 6l12 12" }))));
}

export function Notices({ notices = [], onDismiss, onUndo, onTell }) {
  const live = useRef({});
  live.current = { onDismiss, onUndo, onTell };
  return h("div", { className: "notices", role: "status", "aria-live": "polite" },
    notices.map((notice) => h(Notice, {
      key: notice.id,
      notice,
      onDismiss: (id) => live.current.onDismiss?.(id),
      onUndo: (token) => live.current.onUndo?.(token),
      onTell: onTell && ((change) => live.current.onTell?.(change)),
    })));
}
