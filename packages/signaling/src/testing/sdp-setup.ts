import { createMemoryBus } from "@fairlead/bus/memory";
import type { BroadcastRecord } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { generateKeySet, issueTicket, type KeySet, type TicketInput } from "@fairlead/tickets";
import { type HttpSetup, setUpHttp } from "./http-setup.ts";
import { writeBroadcast } from "./scripted-broadcasts.ts";
import { sdpRequests } from "./sdp-requests.ts";

export type { SdpRequest } from "./sdp-requests.ts";
export const NOW_MS = 1_800_000_000_000;
const PUBLIC_URL = "https://meet.example.org/";

/** A signaling app with a scripted node, the broadcast `launch`, which is live and public, and what programs ask of it. */
export async function setUpSdp(given: HttpSetup & { broadcast?: Partial<BroadcastRecord> } = {}) {
  const clock = { nowMs: NOW_MS };
  const now = () => clock.nowMs;
  const [bus, registry] = [createMemoryBus(), createMemoryRegistry({ now })];
  const ticketKeys: KeySet = await generateKeySet();
  const parts = await setUpHttp(bus, registry, PUBLIC_URL, { now, ...given, ticketKeys });
  const create = (broadcastId: string, broadcast: Partial<BroadcastRecord> = {}) =>
    writeBroadcast(registry, broadcastId, { visibility: "public", ...broadcast });
  const key = await create("launch", given.broadcast);
  // Live under a lease, as its home has written.
  await parts.place("launch");

  const requests = sdpRequests(parts.call, key);
  const viewer = async (input: Partial<TicketInput> = {}) =>
    (await issueTicket(ticketKeys, { room: "launch", identity: "ann", role: "viewer", ...input }, { now }))
      .ticket;
  return { ...parts, ...requests, bus, registry, clock, key, create, viewer };
}
