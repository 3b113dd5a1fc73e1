import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Signaling } from "@fairlead/signaling";
import { serveStatic } from "@hono/node-server/serve-static";

const DIST = fileURLToPath(new URL("../../web/dist", import.meta.url));
/** Vite puts a hash of the content into these names. */
const FOREVER = "public, max-age=31536000, immutable";

/**
 * Serves the built meeting page.
 * @throws {Error} It has not been built.
 */
export function addWebPage(app: Signaling["app"]): void {
  if (!existsSync(DIST))
    throw new Error("The web page is not built: run `npm run build:web`, or start by `npm start`.");
  app.use("/assets/*", async (c, next) => {
    await next();
    if (c.res.ok) c.header("cache-control", FOREVER);
  });
  app.use("*", serveStatic({ root: DIST }));
}
