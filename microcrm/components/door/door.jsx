import { useEffect, useState } from "react";

const plain = (path) => path.replace(/\/$/, "");

// Whether the server was asked for this very address; then asking again would go round in circles.
const wasAsked = () => {
  const [entry] = performance.getEntriesByType("navigation");
  return Boolean(entry) && plain(new URL(entry.name).pathname) === plain(window.location.pathname);
};

// A client-side redirect to a page that the server renders (sign-in and the like) lands on the app's 404: load it for real.
export function Door({ paths = [], children }) {
  const [outside, setOutside] = useState(true);
  useEffect(() => {
    const here = plain(window.location.pathname);
    const isServed = paths.some((path) => here === path || here.startsWith(`${path}/`));
    isServed && !wasAsked() ? window.location.replace(window.location.href) : setOutside(false);
  }, []);
  return outside ? null : children;
}

// Leaves the app for a page of the server, which may lead back here.
export function Leave({ to }) {
  useEffect(() => {
    const back = window.location.pathname + window.location.search;
    window.location.replace(`${to}?next=${encodeURIComponent(back)}`);
  }, [to]);
  return null;
}
