import { useEffect, useState } from "react";

// A client-side redirect to a page that the server renders (sign-in and the like) lands on the app's 404: load it for real.
export function Door({ paths = [], children }) {
  const [outside, setOutside] = useState(true);
  useEffect(() => {
    const here = window.location.pathname.replace(/\/$/, "");
    const isServed = paths.some((path) => here === path || here.startsWith(`${path}/`));
    isServed ? window.location.replace(window.location.href) : setOutside(false);
  }, []);
  return outside ? null : children;
}
