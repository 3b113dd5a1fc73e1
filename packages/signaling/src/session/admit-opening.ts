import { FairleadError } from "@fairlead/protocol";
import type { SignalingProcess } from "../signaling-process.ts";

/** Within a session's grace time, unless the operator has cut that short. */
const SPREAD_MS = 10_000;

/**
 * Lets in as many clients as this process can take at once. When a deploy drops all sockets the rest come back spread over ten
 * seconds. Called for tickets that have verified, so that strangers can't use it up.
 * @throws {FairleadError} `signaling_full` with `retryAfterMs`.
 */
export function admitOpening({ openings, random }: SignalingProcess): void {
  if (!openings || openings.take()) return;
  const [high = 0, low = 0] = random(new Uint8Array(2));
  const share = (high * 256 + low) / 65_536;
  throw new FairleadError("signaling_full", { retryAfterMs: Math.round(share * SPREAD_MS) });
}

/**
 * Spares clients that come back by the hundred what could lead to nothing anyway: signatures, and a placement with its debit.
 * @throws {FairleadError} `bus_disconnected`.
 */
export function assertBus({ bus }: SignalingProcess): void {
  if (!bus.isConnected) throw new FairleadError("bus_disconnected");
}
