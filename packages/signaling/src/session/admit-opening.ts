import { FairleadError } from "@fairlead/protocol";
import type { SignalingContext } from "../context.ts";

/** Well within a session's grace time. */
const SPREAD_MS = 10_000;

/**
 * Lets in as many clients on new connections as this process can take. When a deploy or a crash elsewhere sends all clients here
 * at once, the rest come back spread over ten seconds.
 * @throws {FairleadError} `signaling_full` with `retryAfterMs`.
 */
export function admitOpening({ openings, random }: SignalingContext): void {
  if (openings.take()) return;
  const [high = 0, low = 0] = random(new Uint8Array(2));
  const share = (high * 256 + low) / 65_536;
  throw new FairleadError("signaling_full", { retryAfterMs: Math.round(share * SPREAD_MS) });
}
