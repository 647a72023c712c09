import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const POMONA = process.env.POMONA_URL ?? "http://127.0.0.1:7700";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/pomona/server/static",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // nothing inline: the pages run under `script-src 'self'`
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  // `npm run dev` beside a running `pomona up`
  server: { proxy: { "/api": POMONA, "/login": POMONA } },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    css: false,
    restoreMocks: true,
    testTimeout: 60_000,
  },
});
