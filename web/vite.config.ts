import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** `npm run dev` beside a running `make start`: much the same /config.json that it serves. */
function localConfig(): Plugin {
  const stackFile = process.env.PHOTODROP_STACK ?? "../.local/stack.json";
  return {
    name: "photodrop-local-config",
    configureServer(server) {
      server.middlewares.use("/config.json", (_request, response) => {
        const stack = JSON.parse(readFileSync(stackFile, "utf8"));
        response.setHeader("Content-Type", "application/json");
        const local = {
          cognitoEndpoint: stack.endpointUrl,
          demoUsers: stack.users,
          codes: { signUp: "123456", newPassword: "654321" },
        };
        response.end(JSON.stringify({ ...stack, ...local }));
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), localConfig()],
  // The licences of what is in a file stand at its end, each once; in place, every icon brings the same one along.
  esbuild: { legalComments: "eof" },
  build: {
    target: "es2022",
    // A browser that knows no modulepreload loads the parts of a page one after the other instead.
    modulePreload: { polyfill: false },
    // The content security policy allows no data: scripts or styles, and images of ours are few.
    assetsInlineLimit: 0,
  },
});
