import { isIP } from "node:net";
import { FairleadError, httpStatus, toErrorBody } from "@fairlead/protocol";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

export const BODY_LIMIT_BYTES = 4_096;

/** Answers one of the demo's own requests. @param work Gets the body as it came. Its refusals are answered as the API's are. */
export async function answerDemo(
  c: Context,
  isLan: boolean,
  work: (body: unknown, origin: string) => Promise<object>,
): Promise<Response> {
  try {
    assertAllowed(c, isLan);
    const body = await c.req.json().catch(() => null);
    return c.json(await work(body, new URL(c.req.url).origin));
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    return c.json({ error: toErrorBody(error) }, httpStatus(error.code) as ContentfulStatusCode);
  }
}

/**
 * Only pages of this server get anything. Another site's page can't send JSON here, as no preflight is answered, and a name that
 * points at this machine (DNS rebinding) is refused because it is no address.
 */
function assertAllowed(c: Context, isLan: boolean): void {
  const { hostname } = new URL(c.req.url);
  const isOurName = hostname === "localhost" || isIP(hostname.replace(/^\[|\]$/g, "")) > 0;
  const isJson = c.req.header("content-type")?.startsWith("application/json") === true;
  if (!isOurName || !isJson)
    throw new FairleadError("grant_missing", { message: "open this server by its address, and send JSON" });
  if (!isLan && !isLoopback(getConnInfo(c).remote.address ?? "")) {
    throw new FairleadError("grant_missing", {
      message: "tickets are for this computer only; start with: npm start -- --lan",
    });
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.replace(/^::ffff:/, "").startsWith("127.");
}
