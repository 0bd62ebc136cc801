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
import "./styles/photo.css";
import "./styles/uploads.css";
import "./styles/pages.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (failures, error) => failures < 2 && isWorthAnotherTry(error),
    },
  },
});

function isWorthAnotherTry(error: Error): boolean {
  if (error instanceof SignedOutError) return false;
  return !(error instanceof ApiError) || error.status === 429 || error.status >= 500;
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
