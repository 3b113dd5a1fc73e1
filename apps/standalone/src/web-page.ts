import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { serveStatic } from "@hono/node-server/serve-static";
import type { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";

const DIST = fileURLToPath(new URL("../../web/dist", import.meta.url));
/** Vite puts a hash of the content into these names. */
const FOREVER = "public, max-age=31536000, immutable";

/**
 * Allows no foreign script, and no frame of another site around a page that has the camera.
 * @param origins Others that the page may ask.
 */
const headersFor = (origins: readonly string[]): Parameters<typeof secureHeaders>[0] => ({
  // Left to the operator, as it holds for the whole domain.
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    // Chromium takes `'self'` for ws: of the same host; older browsers need it named.
    connectSrc: ["'self'", "ws:", "wss:", ...origins],
    imgSrc: ["'self'", "data:"],
    mediaSrc: ["'self'", "blob:", "mediastream:"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/**
 * Serves the built pages.
 * @param origins Of servers of HLS besides this one.
 * @throws {Error} It has not been built.
 */
export function addWebPage(app: Pick<Hono, "use">, origins: readonly string[] = []): void {
  if (!existsSync(DIST))
    throw new Error("The web page is not built: run `npm run build:web`, or start by `npm start`.");
  app.use("*", secureHeaders(headersFor(origins)));
  app.use("/assets/*", async (c, next) => {
    await next();
    if (c.res.ok) c.header("cache-control", FOREVER);
  });
  // One document for each page: it looks at its own address.
  for (const path of ["/studio", "/watch/:broadcast"])
    app.use(path, serveStatic({ root: DIST, path: "index.html" }));
  app.use("*", serveStatic({ root: DIST }));
}
