import { createElement as h, useRef } from "react";
import * as Dialog from "@radix-ui/react-dialog";

const CROSS = "M18 6 6 18M6 6l12 12";

// Radix gives focus back to its own trigger only; ours are opened by the server, so we remember who asked.
function giveBack(opener) {
  const menu = opener?.closest?.("[popover]");
  const target = menu ? document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`) : opener;
  (target?.isConnected ? target : document.getElementById("main"))?.focus();
}

// A press outside doesn't close, so that a slip of the finger never loses what was typed.
const stay = (event) => event.preventDefault();

// An offered time stands in the form at once: whoever submits before the server has heard of it means this one.
function putIn({ target }) {
  const { form, dataset } = target.closest("button[data-day]") ?? {};
  for (const name of ["day", "time"]) if (form && dataset[name]) form.elements[name].value = dataset[name];
}

export function Overlay({ open, onClose, title, description, className, children }) {
  const opener = useRef(null);
  const wasOpen = useRef(false);
  if (open && !wasOpen.current) opener.current = document.activeElement;
  wasOpen.current = open;

  const about = description
    ? h(Dialog.Description, { className: "muted" }, description)
    : null;
  const head = h("header", null,
    h("div", null, h(Dialog.Title, { asChild: true }, h("h2", null, title)), about),
    h(Dialog.Close, { className: "close", "aria-label": "Close" },
      h("svg", { className: "icon", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeLinecap: "round", "aria-hidden": true }, h("path", { d: CROSS }))));

  return h(Dialog.Root, { open: Boolean(open), onOpenChange: (next) => { if (!next) onClose?.(); } },
    h(Dialog.Portal, null,
      h(Dialog.Overlay, { className: "scrim" }),
      h(Dialog.Content, {
        className,
        onInteractOutside: stay,
        onCloseAutoFocus: (event) => { event.preventDefault(); giveBack(opener.current); },
        ...(description ? {} : { "aria-describedby": undefined }),
      }, head, h("div", { className: "overlay-body", onClickCapture: putIn }, children))));
}
