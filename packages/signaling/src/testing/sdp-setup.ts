import { createMemoryBus } from "@fairlead/bus/memory";
import type { BroadcastRecord } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { generateKeySet, issueTicket, type KeySet, type TicketInput } from "@fairlead/tickets";
import { type HttpSetup, setUpHttp } from "./http-setup.ts";
import { SCRIPTED_OFFER, writeBroadcast } from "./scripted-broadcasts.ts";

export const NOW_MS = 1_800_000_000_000;
const PUBLIC_URL = "https://meet.example.org/";

export type SdpRequest = {
  key?: string | undefined;
  type?: string;
  body?: string;
  headers?: Record<string, string>;
};

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

  const ask = (method: string, path: string, { key: bearer, type, body, headers = {} }: SdpRequest = {}) =>
    parts.call(method, path, body, {
      Authorization: bearer === undefined ? "" : `Bearer ${bearer}`,
      ...(type === undefined ? {} : { "Content-Type": type }),
      ...headers,
    });
  const post = (path: string, request: SdpRequest = {}) =>
    ask("POST", path, { type: "application/sdp", body: SCRIPTED_OFFER, ...request });
  const pathOf = (opened: Response) => new URL(opened.headers.get("Location") ?? "", PUBLIC_URL).pathname;
  const publish = () => post("/v1/whip", { key });
  const patch = (path: string, fragment: string, ifMatch?: string, request: SdpRequest = { key }) =>
    ask("PATCH", path, {
      type: "application/trickle-ice-sdpfrag",
      body: fragment,
      headers: ifMatch === undefined ? {} : { "If-Match": ifMatch },
      ...request,
    });
  const viewer = async (input: Partial<TicketInput> = {}) =>
    (await issueTicket(ticketKeys, { room: "launch", identity: "ann", role: "viewer", ...input }, { now }))
      .ticket;
  return { ...parts, bus, registry, clock, key, create, ask, post, patch, publish, pathOf, viewer };
}
