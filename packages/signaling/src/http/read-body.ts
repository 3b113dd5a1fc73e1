import { FairleadError } from "@fairlead/protocol";
import type { MiddlewareHandler } from "hono";

/**
 * That a body can't be read to its end is its sender's doing, who mostly has gone away, and no bug.
 *
 * @throws {FairleadError} `invalid_request`.
 */
export async function readBody<T>(body: Promise<T>): Promise<T> {
  try {
    return await body;
  } catch (cause) {
    throw new FairleadError("invalid_request", { message: "the body broke off", cause });
  }
}

/** For routes whose body is optional: many HTTP clients say `Content-Type: application/json` also where they send none. */
export const takeEmptyBody: MiddlewareHandler = async (c, next) => {
  if (c.req.header("Content-Type") !== undefined && (await readBody(c.req.text())) === "") {
    const { url, method, signal } = c.req.raw;
    const headers = new Headers(c.req.raw.headers);
    headers.delete("Content-Type");
    c.req.raw = new Request(url, { method, headers, signal });
  }
  await next();
};
