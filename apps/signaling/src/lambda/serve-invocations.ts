import type { RenewableBus } from "@fairlead/bus/nats-tcp";
import { Hono } from "hono";
import { endAfter } from "./end-after.ts";

/** Without a request for that long, the instance may have been frozen meanwhile, and its connections be dead. */
const PAUSE_MS = 2_000;
/** A living server answers in a few; half a second is a round trip over the longest way, and then some. */
const ANSWER_MS = 500;
/** A stream ends this long before the invocation's time is up, when Lambda ends the whole instance. */
const SPARE_MS = 3_000;

type Bindings = { context?: { getRemainingTimeInMillis(): number } };
type Fetch = (request: Request, env: Bindings) => Response | Promise<Response>;

/**
 * An app as an instance has to serve it that is frozen between requests: its bus is proved alive after a pause, and what it
 * said there has left before the next one.
 * @param now Milliseconds since 1970: a clock that measures time may stand still with the instance.
 */
export function serveInvocations(
  fetch: Fetch,
  bus: RenewableBus,
  now: () => number,
): Hono<{ Bindings: Bindings }> {
  let lastMs = now();
  const settle = async () => {
    // A bus that is away has nothing of ours to hand on.
    await bus.flush().catch(() => {});
    lastMs = now();
  };
  return new Hono<{ Bindings: Bindings }>().all("*", async ({ req, env }) => {
    if (now() - lastMs > PAUSE_MS) await bus.renewIfSilent(ANSWER_MS);
    const response = await fetch(req.raw, env);
    const { body, headers } = response;
    if (body && headers.get("content-type")?.startsWith("text/event-stream")) {
      const restMs = (env.context?.getRemainingTimeInMillis() ?? Number.POSITIVE_INFINITY) - SPARE_MS;
      return new Response(endAfter(body, restMs, settle), response);
    }
    await settle();
    return response;
  });
}
