import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `vite` alone serves the page with hot reload and takes everything else from a running `npm start`. */
const standalone = "http://localhost:3000";

export default defineConfig({
  plugins: [react()],
  // One chunk: the meeting follows the lobby within seconds, and its half (the SDK) is the larger one.
  build: { outDir: "dist", emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 700 },
  server: {
    proxy: {
      "/demo": standalone,
      "/v1": { target: standalone, ws: true },
    },
  },
});
