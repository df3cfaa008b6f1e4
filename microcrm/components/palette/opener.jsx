import { createElement, lazy, Suspense, useEffect, useState } from "react";

const Box = lazy(() => import("./box.jsx"));

// The box (cmdk, 19 KB) is fetched at its first opening.
export function Palette(props) {
  const [open, setOpen] = useState(false);
  const [used, setUsed] = useState(false);
  useEffect(() => {
    const show = () => { setUsed(true); setOpen(true); };
    window.addEventListener("palette:open", show);
    return () => window.removeEventListener("palette:open", show);
  }, []);
  return used ? createElement(Suspense, { fallback: null }, createElement(Box, { ...props, open, setOpen })) : null;
}
