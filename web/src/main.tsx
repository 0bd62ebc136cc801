import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { App } from "./app";
import { configureAuth, SignedOutError } from "./auth/auth";
import { SessionProvider } from "./auth/session";
import { loadConfig } from "./config";
import { ErrorState } from "./ui/states";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/gallery.css";
import "./styles/uploads.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Without a connection too: an error that says so is better than waiting without a word.
      networkMode: "always",
      refetchOnReconnect: true,
      staleTime: 30_000,
      retry: (failures, error) => failures < 2 && isWorthAnotherTry(error),
      retryDelay: (failures, error) => 1000 * (askedToWait(error) ?? 2 ** failures),
    },
    mutations: { networkMode: "always" },
  },
});

/** Whoever is told to come again later is shown that, not kept waiting. */
const LONGEST_WAIT_SECONDS = 15;

const askedToWait = (error: Error): number | undefined =>
  error instanceof ApiError ? error.retryAfterSeconds : undefined;

function isWorthAnotherTry(error: Error): boolean {
  if (error instanceof SignedOutError) return false;
  if (!(error instanceof ApiError) || error.status >= 500) return true;
  return error.status === 429 && (askedToWait(error) ?? 0) <= LONGEST_WAIT_SECONDS;
}

const root = createRoot(document.getElementById("root") as HTMLElement);

async function start(): Promise<void> {
  try {
    configureAuth(await loadConfig());
  } catch (error) {
    root.render(<ErrorState error={error} onRetry={start} />);
    return;
  }
  root.render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <SessionProvider>
          <App />
        </SessionProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}

void start();
