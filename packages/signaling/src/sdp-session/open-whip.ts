import {
  broadcastOfKey,
  FairleadError,
  hashStreamKey,
  hasKeyHash,
  type KeyHash,
  randomId,
  StreamKey,
} from "@fairlead/protocol";
import { countRates, ratesOf } from "../abuse/count-rates.ts";
import type { Caller } from "../http/caller.ts";
import { openSomewhere } from "../placement/open-somewhere.ts";
import { admitOpening, assertBus } from "../session/admit-opening.ts";
import { type OpenedSdpSession, openAtNode } from "./open-at-node.ts";
import { askForBroadcast, type KnownBroadcast, readBroadcast } from "./read-broadcast.ts";

export type WhipRequest = {
  /** Of the path; undefined: the key says which one it is. */
  broadcastId?: string;
  /** As it was sent; null: none was. */
  key: string | null;
  offer: string;
  isWanted: () => boolean;
};

/**
 * Opens a publisher's WHIP session. Without the registry nobody's key can be proven: new publishers wait for it.
 *
 * @throws {FairleadError} `stream_key_invalid`, also where there is no such broadcast; `broadcast_ended`, `rate_limited`, `no_capacity`,
 * `registry_…`, `bus_disconnected`; what the node refuses with.
 */
export async function openWhip(caller: Caller, request: WhipRequest): Promise<OpenedSdpSession> {
  const { shared, address } = caller;
  assertBus(shared);
  const { roomId, keyHash, state } = await proveKey(caller, request);
  const rates = ratesOf(shared.rateLimits, { address, room: roomId });
  if (state === "ended") {
    await countRates(caller, rates);
    throw new FairleadError("broadcast_ended");
  }
  admitOpening(shared);
  const { offer, isWanted } = request;
  const newcomer = { roomId, peer: nobody(), rates, mayClaim: false, isWanted };
  const whip = { offer, keyHash, ...(address === undefined ? {} : { address }) };
  return openSomewhere(caller, newcomer, (placed) =>
    openAtNode(caller, "whip.open", { ...placed, ...whip }, { bearer: keyHash, isWanted }),
  );
}

/** A broadcast has no bans by stream key: it is given another key. */
export function nobody(): { identity: string; ticketId: string } {
  return { identity: randomId(), ticketId: randomId() };
}

/** Whether the broadcast is another one, or none, or its key another one: the refusal is the same, and tells nothing of what there is. */
export async function proveKey(
  caller: Caller,
  { key, broadcastId }: Pick<WhipRequest, "key" | "broadcastId">,
): Promise<Pick<KnownBroadcast, "state"> & { roomId: string; keyHash: KeyHash }> {
  if (key === null)
    throw new FairleadError("stream_key_invalid", { message: "no stream key: Authorization: Bearer …" });
  const { data } = StreamKey.safeParse(key);
  const roomId = data && broadcastOfKey(data);
  if (!data || !roomId || (broadcastId !== undefined && broadcastId !== roomId)) throw wrongKey();
  const [keyHash, { record, state }] = await Promise.all([hashStreamKey(data), readForKey(caller, roomId)]);
  if (!hasKeyHash(record.keyHashes, keyHash)) throw wrongKey();
  return { roomId, keyHash, state };
}

/** @throws {FairleadError} `stream_key_invalid`: there is none; `registry_cold`: the registry has lost it, and hears of it soon. */
async function readForKey(caller: Caller, roomId: string): Promise<KnownBroadcast> {
  try {
    const { shared, address } = caller;
    // Those who guess keys make no more work once they are refused, though their address may have others.
    return await readBroadcast(caller, roomId, ratesOf(shared.rateLimits, { address, stranger: address }));
  } catch (error) {
    if (!(error instanceof FairleadError) || error.code !== "broadcast_not_found") throw error;
    throw (await askForBroadcast(caller, roomId, nobody())) ? new FairleadError("registry_cold") : wrongKey();
  }
}

function wrongKey(): FairleadError {
  return new FairleadError("stream_key_invalid");
}
