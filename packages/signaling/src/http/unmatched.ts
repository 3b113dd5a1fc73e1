import { FairleadError } from "@fairlead/protocol";
import type { Hono } from "hono";

type Routed = Pick<Hono, "routes" | "all">;

/**
 * Refuses a known path's unknown methods with `method_not_allowed` and the `Allow` that RFC 9110 § 15.5.6 asks for, and
 * unknown paths under `/v1` with `not_found`. Called after the routes are there.
 */
export function refuseUnmatched(app: Routed): void {
  refuseOtherMethods(app, /^/);
  app.all("/v1/*", () => {
    throw new FairleadError("not_found");
  });
}

/** The same for methods alone, of those paths that `paths` matches. */
export function refuseOtherMethods(app: Routed, paths: RegExp): void {
  const routes = app.routes.filter(
    ({ method, path }) => method !== "ALL" && !path.includes("*") && paths.test(path),
  );
  for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path)) {
    const methods = new Set(ofPath.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])));
    app.all(path, (c) => {
      c.header("Allow", [...methods].join(", "));
      throw new FairleadError("method_not_allowed");
    });
  }
}
