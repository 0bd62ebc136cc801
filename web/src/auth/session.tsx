/** Who is signed in, for the whole app, and asking again when a session has ended. */
import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from "react";
import { navigate } from "wouter/use-browser-location";
import { currentUser, isUnreachable, signOut, type User } from "./auth";
import { ReauthDialog } from "./reauth-dialog";
import { askBy, endWaiting, goOn } from "./tokens";

interface Session {
  /** undefined while it is looked up, null when nobody is signed in. */
  user: User | null | undefined;
  signedIn: () => Promise<void>;
  leave: () => Promise<void>;
}

const SessionContext = createContext<Session | null>(null);

const CHANGED = "photodrop-session-changed";

/**
 * A change is told through the store that holds the tokens, because its writes reach the other tabs
 * in order: whoever hears of the change finds the tokens that belong to it. A BroadcastChannel is
 * faster than the store, so its listeners would still read the tokens of before.
 */
function tellOtherTabs(): void {
  try {
    localStorage.setItem(CHANGED, crypto.randomUUID());
  } catch {
    // Without a store each tab has a session of its own.
  }
}

function whenOtherTabsChange(act: () => void): () => void {
  const hear = ({ key }: StorageEvent) => {
    if (key === CHANGED) act();
  };
  addEventListener("storage", hear);
  return () => removeEventListener("storage", hear);
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [user, setUser] = useState<User | null | undefined>();
  const [isAsking, setAsking] = useState(false);
  const shown = useRef<string>(undefined);
  const queries = useQueryClient();

  /** Show whoever is signed in now. Nothing of somebody else stays: their lists, their uploads, their requests. */
  const look = useCallback(async () => {
    let now: User | null;
    try {
      now = await currentUser();
    } catch (error) {
      // Who is signed in cannot be known now: it stays who it was.
      if (shown.current && isUnreachable(error)) return;
      now = null;
    }
    if (now && now.id === shown.current) {
      setAsking(false); // The password was given, here or in another tab.
      goOn();
    } else if (shown.current) {
      setAsking(false);
      endWaiting();
      queries.clear();
      navigate("/", { replace: true }); // whoever signs in next begins at the beginning
    }
    shown.current = now?.id;
    setUser(now);
  }, [queries]);

  const signedIn = useCallback(async () => {
    await look();
    tellOtherTabs();
  }, [look]);
  const leave = useCallback(async () => {
    await signOut().catch(() => undefined);
    await look();
    tellOtherTabs();
  }, [look]);

  useEffect(() => void look(), [look]);

  // Signing in and out is for the whole browser: every tab shows the same person.
  useEffect(() => whenOtherTabsChange(() => void look()), [look]);

  useEffect(() => {
    askBy(user ? () => setAsking(true) : undefined);
  }, [user]);

  return (
    <SessionContext value={{ user, signedIn, leave }}>
      {children}
      {user && isAsking && (
        <ReauthDialog email={user.email} onDone={() => void signedIn()} onLeave={leave} />
      )}
    </SessionContext>
  );
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession is for components below SessionProvider.");
  return session;
}

/** The signed-in user; for components that are only shown to one. */
export function useUser(): User {
  const { user } = useSession();
  if (!user) throw new Error("Nobody is signed in.");
  return user;
}
