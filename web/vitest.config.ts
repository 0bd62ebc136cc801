import { defineConfig } from "vitest/config";

export default defineConfig({
  // A busy machine is slow, and that is no finding.
  test: { testTimeout: 120_000 },
});
