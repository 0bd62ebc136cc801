/** Light, dark, or as the system says. public/theme.js applies it before the first paint. */
import { useState } from "react";

export type Theme = "system" | "light" | "dark";
const KEY = "photodrop.theme";

function stored(): Theme {
  const value = read();
  return value === "light" || value === "dark" ? value : "system";
}

// A browser may forbid the page to keep anything: then the choice lasts as long as the page.
function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function keep(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // see above
  }
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(stored);
  return [
    theme,
    (next) => {
      setTheme(next);
      keep(next);
      if (next === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = next;
    },
  ];
}
