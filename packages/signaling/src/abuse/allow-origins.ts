import { FairleadError } from "@fairlead/protocol";
import type { MiddlewareHandler } from "hono";
import type { SignalingProcess } from "../signaling-process.ts";

/**
 * Refuses pages of origins that the operator does not list. Only browsers say `Origin`, and their pages can't say another: what
 * comes without is no page, and passes.
 *
 * @throws {FairleadError} `origin_refused`.
 */
export function refuseOrigins({ origins }: Pick<SignalingProcess, "origins">): MiddlewareHandler {
  const allowed = origins === "*" ? null : new Set(origins);
  return async (c, next) => {
    const origin = c.req.header("Origin");
    if (allowed && origin !== undefined && !allowed.has(origin)) {
      c.header("Vary", "Origin");
      throw new FairleadError("origin_refused");
    }
    await next();
  };
}
