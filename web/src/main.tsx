import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RETRIES } from "./api/retries";
import { App } from "./app";
import { configureAuth } from "./auth/auth";
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
      ...RETRIES,
    },
    mutations: { networkMode: "always" },
  },
});

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
