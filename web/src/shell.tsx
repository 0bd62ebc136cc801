import {
  CalendarDays,
  GraduationCap,
  Images,
  LogOut,
  Monitor,
  Moon,
  Sun,
  Upload,
} from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { useSession, useUser } from "./auth/session";
import { Dialog } from "./ui/dialog";
import { Logo } from "./ui/logo";
import { type Theme, useTheme } from "./ui/theme";
import { plural } from "./ui/words";
import { UploadArea } from "./uploads/area";
import { useUploadItems, useUploads } from "./uploads/context";
import { isUnfinished } from "./uploads/queue/machine";

const PAGES = [
  { path: "/photos", name: "Photos", Icon: Images, isForStaff: false },
  { path: "/events", name: "Events", Icon: CalendarDays, isForStaff: false },
  { path: "/students", name: "Students", Icon: GraduationCap, isForStaff: true },
];

/** The frame around every page: navigation, the upload button, and the way out. */
export function Shell({ children }: { children: ReactNode }) {
  const [location] = useLocation();
  const user = useUser();
  return (
    <UploadArea>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="topbar">
        <Link href="/photos" className="brand" aria-label="Photodrop, home">
          <Logo /> <span>Photodrop</span>
        </Link>
        <nav className="nav" aria-label="Main">
          {PAGES.filter(({ isForStaff }) => !isForStaff || user.isStaff).map(
            ({ path, name, Icon }) => (
              <Link
                key={path}
                href={path}
                className="nav-link"
                aria-current={location.startsWith(path) ? "page" : undefined}
              >
                <Icon aria-hidden size={19} /> <span>{name}</span>
              </Link>
            ),
          )}
        </nav>
        <UploadButton />
        <UserMenu />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </UploadArea>
  );
}

function UploadButton() {
  const { choose } = useUploads();
  return (
    <button type="button" className="button primary upload-button" onClick={() => choose()}>
      <Upload aria-hidden size={17} /> <span>Upload</span>
    </button>
  );
}

function UserMenu() {
  const { leave } = useSession();
  const user = useUser();
  const ref = useRef<HTMLDetailsElement>(null);
  const unfinished = useUploadItems().filter(isUnfinished).length;
  const [isAsking, setAsking] = useState(false);

  useEffect(() => {
    const close = (event: Event) => {
      const menu = ref.current;
      if (!menu?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== "Escape") return;
        menu.open = false;
        menu.querySelector("summary")?.focus();
      } else if (!menu.contains(event.target as Node)) menu.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);

  return (
    <>
      <details className="menu" ref={ref}>
        <summary>
          <span className="avatar" aria-hidden>
            {user.email.charAt(0).toUpperCase()}
          </span>
          <span className="visually-hidden">Account of {user.email}</span>
        </summary>
        <div className="menu-panel">
          <p className="menu-email">{user.email}</p>
          <p className="muted small">
            {[user.isOrganizer && "Organizer", user.isStaff && "Staff"]
              .filter(Boolean)
              .join(", ") || "Member"}
          </p>
          <ThemeChoice />
          <button
            type="button"
            className="button quiet"
            onClick={() => (unfinished ? setAsking(true) : void leave())}
          >
            <LogOut aria-hidden size={17} /> Sign out
          </button>
        </div>
      </details>
      {isAsking && (
        <SignOutDialog unfinished={unfinished} onClose={() => setAsking(false)} onLeave={leave} />
      )}
    </>
  );
}

function SignOutDialog(props: {
  unfinished: number;
  onClose: () => void;
  onLeave: () => Promise<void>;
}) {
  return (
    <Dialog title="Sign out?" onClose={props.onClose}>
      <div className="stack">
        <p>
          {plural(props.unfinished, "upload")} not finished. Signing out stops them. They continue
          when you sign in again in this browser, which keeps the files for up to three days.
        </p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={props.onClose}>
            Cancel
          </button>
          <button type="button" className="button primary" onClick={() => void props.onLeave()}>
            Sign out
          </button>
        </div>
      </div>
    </Dialog>
  );
}

const THEMES: { theme: Theme; name: string; Icon: typeof Sun }[] = [
  { theme: "system", name: "As the system", Icon: Monitor },
  { theme: "light", name: "Light", Icon: Sun },
  { theme: "dark", name: "Dark", Icon: Moon },
];

function ThemeChoice() {
  const [chosen, choose] = useTheme();
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">Colours</legend>
      {THEMES.map(({ theme, name, Icon }) => (
        <label key={theme} title={name}>
          <input
            type="radio"
            name="theme"
            checked={chosen === theme}
            onChange={() => choose(theme)}
          />
          <Icon aria-hidden size={17} />
          <span className="visually-hidden">{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
