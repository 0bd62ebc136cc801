/** Light, dark, or as the system says. public/theme.js applies it before the first paint. */
import { useState } from "react";

export type Theme = "system" | "light" | "dark";
const KEY = "photodrop.theme";

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(stored);
  return [
    theme,
    (next) => {
      setTheme(next);
      if (next === "system") {
        localStorage.removeItem(KEY);
        delete document.documentElement.dataset.theme;
      } else {
        localStorage.setItem(KEY, next);
        document.documentElement.dataset.theme = next;
      }
    },
  ];
}
