import { callNode } from "@fairlead/bus";
import { FairleadError, type Lease, randomId } from "@fairlead/protocol";
import { issueViewTicket } from "@fairlead/tickets";
import { countRates, ratesOf } from "../abuse/count-rates.ts";
import { unlessRefused } from "../abuse/refused-openings.ts";
import { findForViewer, type ViewerRequest } from "../broadcast/find-for-viewer.ts";
import type { Caller } from "../http/caller.ts";
import { admitOpening, assertBus } from "../session/admit-opening.ts";

/** As long as no end is set. A show that is longer is opened anew. */
const VIEW_MS = 24 * 3_600_000;
/** A broadcast without a home may have one soon. */
const RETRY_MS = 2_000;

/**
 * Opens a viewing session by HLS: its broadcast's home decides, and says where it is served.
 * @param baseUrl Of this API, for packagers at the same host.
 * @returns The playlist's URL, good for the whole show. Whoever has it may watch.
 * @throws {FairleadError} What a viewer is refused with; `broadcast_not_live` with `retryAfterMs`, also where nobody makes HLS of it;
 * `invalid_request`: this process has no key to sign viewing sessions with.
 */
export function openView(caller: Caller, request: ViewerRequest, baseUrl: string): Promise<string> {
  return unlessRefused(caller.shared.refusedTickets, request.ticket, () =>
    admitAndOpen(caller, request, baseUrl),
  );
}

async function admitAndOpen(caller: Caller, request: ViewerRequest, baseUrl: string): Promise<string> {
  const { shared, address, log } = caller;
  const { broadcastId: roomId, ticket } = request;
  assertBus(shared);
  const { found } = await findForViewer(caller, request);
  admitOpening(shared);
  await countRates(caller, ratesOf(shared.rateLimits, { address, room: roomId }));
  const { url, identity, endsAtMs } = await askHome(caller, leaseOf(found), { ticket, address });
  const view = { room: roomId, jti: randomId(), ...(identity === undefined ? {} : { sub: identity }) };
  const expiresAtMs = endsAtMs ?? shared.now() + VIEW_MS;
  const { sessionKeys, issuer, now } = shared;
  const token = await issueViewTicket(sessionKeys, view, { expiresAtMs, issuer, now });
  log.info("view.opened", { roomId, viewId: view.jti });
  return new URL(`t/${token}/index.m3u8`, new URL(url, `${baseUrl}/`)).href;
}

type Found = Awaited<ReturnType<typeof findForViewer>>["found"];

/** @throws {FairleadError} `broadcast_not_live`: it is on its way to another home. */
function leaseOf(found: Found): Lease {
  const lease = "served" in found ? found.served.lease : found.lease;
  if (lease) return lease;
  throw new FairleadError("broadcast_not_live", { retryAfterMs: RETRY_MS });
}

/** A home of an older build has no HLS. */
async function askHome(
  { bus }: Caller,
  { incarnation, roomId, epoch }: Lease,
  viewer: { ticket: string | null; address: string | undefined },
) {
  try {
    return await callNode(bus, incarnation, "hls.view", { roomId, epoch, ...viewer });
  } catch (error) {
    const isOlder = error instanceof FairleadError && error.code === "unknown_command";
    const message = "nobody makes HLS of it now";
    throw isOlder ? new FairleadError("broadcast_not_live", { message, retryAfterMs: RETRY_MS }) : error;
  }
}
