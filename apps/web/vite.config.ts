import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `vite` alone serves the page with hot reload and takes everything else from a running `npm start`. */
const standalone = "http://localhost:3000";

export default defineConfig({
  plugins: [react()],
  // The meeting is one chunk: it follows the lobby within seconds, and its half (the SDK) is the larger one. The studio and the viewers' page are
  // one each, beside it.
  build: { outDir: "dist", emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 760 },
  server: {
    proxy: {
      "/demo": standalone,
      "/v1": { target: standalone, ws: true },
    },
  },
});
