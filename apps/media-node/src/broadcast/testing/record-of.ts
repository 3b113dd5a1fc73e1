import { type BroadcastRecord, BroadcastSettings } from "@fairlead/protocol";

/** SHA-256 of the one key, as far as these tests go. */
export const KEY_HASH = "a".repeat(64);

/** The record of a broadcast that was just created, but for what is given. */
export function recordOf(given: Partial<BroadcastRecord> = {}): BroadcastRecord {
  return {
    ...BroadcastSettings.parse({}),
    revision: 1,
    keyHashes: [KEY_HASH],
    state: "created",
    run: 0,
    createdAtMs: 1,
    startedAtMs: null,
    interruptedAtMs: null,
    endedAtMs: null,
    peakViewers: 0,
    ...given,
  };
}
