import type { MiddlewareHandler } from "hono";
import { reading } from "./reading.ts";

/** For routes whose body is optional: many HTTP clients say `Content-Type: application/json` also where they send none. */
export const takeEmptyBody: MiddlewareHandler = async (c, next) => {
  if (c.req.header("Content-Type") !== undefined && (await reading(c.req.text())) === "") {
    const { url, method, signal } = c.req.raw;
    const headers = new Headers(c.req.raw.headers);
    headers.delete("Content-Type");
    c.req.raw = new Request(url, { method, headers, signal });
  }
  await next();
};
