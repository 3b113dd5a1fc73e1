import { setTimeout as sleep } from "node:timers/promises";
import type { Room } from "./room.ts";
import type { Viewer } from "./viewer.ts";

/** Each client that is sent away comes anew at once, and hundreds of them must not come together. */
const PACE_MS = 5;

/**
 * Closes a viewer that would see more if it came anew, in its turn. One that is not connected stays until it is: before that its client
 * would not hear of it, and would wait for a connection.
 */
export function recallViewer(room: Room, viewer: Viewer): void {
  void room.recalls.push(async () => {
    if (viewer.isClosed || viewer.transport.dtlsState !== "connected" || !viewer.wouldSeeMore()) return;
    viewer.close();
    await sleep(PACE_MS, undefined, { ref: false });
  });
}
