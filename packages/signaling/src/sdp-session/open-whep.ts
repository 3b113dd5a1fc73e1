import { hashStreamKey } from "@fairlead/protocol";
import { countRates, ratesOf } from "../abuse/count-rates.ts";
import { unlessRefused } from "../abuse/refused-openings.ts";
import { findForViewer } from "../broadcast/find-for-viewer.ts";
import type { Caller } from "../http/caller.ts";
import { openSomewhere } from "../placement/open-somewhere.ts";
import { admitOpening, assertBus } from "../session/admit-opening.ts";
import { type OpenedSdpSession, openAtNode } from "./open-at-node.ts";

export type WhepRequest = {
  broadcastId: string;
  /** A viewer's, as it was sent; null: none was. */
  ticket: string | null;
  offer: string;
  isWanted: () => boolean;
};

/**
 * Opens a viewer's WHEP session. Without the registry a broadcast that runs is watched on: its node answers for it, and decides.
 *
 * @throws {FairleadError} `ticket_…`, `broadcast_not_found`, `broadcast_not_live` with `retryAfterMs`, `broadcast_ended`, `banned`,
 * `rate_limited`, `no_capacity`, `registry_…`, `bus_disconnected`; what the node refuses with.
 */
export function openWhep(caller: Caller, request: WhepRequest): Promise<OpenedSdpSession> {
  return unlessRefused(caller.shared.refusedTickets, request.ticket, () => admitAndOpen(caller, request));
}

async function admitAndOpen(caller: Caller, request: WhepRequest): Promise<OpenedSdpSession> {
  const { shared, address } = caller;
  const { broadcastId, ticket, offer, isWanted } = request;
  assertBus(shared);
  const { peer, found } = await findForViewer(caller, { broadcastId, ticket });
  admitOpening(shared);
  const rates = ratesOf(shared.rateLimits, { address, room: broadcastId });
  const bearer = ticket === null ? null : await hashStreamKey(ticket);
  const opener = { bearer, isWanted };
  const whep = { offer, ticket, bearer, ...(address === undefined ? {} : { address }) };
  if ("served" in found) {
    await countRates(caller, rates);
    return openAtNode(caller, "whep.open", { ...found.served, debitId: "", ...whep }, opener);
  }
  const newcomer = { roomId: broadcastId, peer, rates, mayClaim: false, isWanted };
  return openSomewhere(caller, newcomer, (placed) =>
    openAtNode(caller, "whep.open", { ...placed, ...whep }, opener),
  );
}
