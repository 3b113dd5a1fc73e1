import { SHORTEST_PART_S } from "@fairlead/segments";
import type { View } from "../hls-access.ts";
import { leave } from "./count-by-key.ts";

/** Of one viewing session. `address`: the client's. */
export type Viewer = View & { address: string };

type Session = {
  isAdmitted: boolean;
  isCounted: boolean;
  address: string;
  firstAtMs: number;
  seenAtMs: number;
};

/** Players ask for the next playlist when the next part is there. */
const WATCHES_AFTER_MS = SHORTEST_PART_S * 1_000;
/** Sessions of one address whose tokens may be made up. Those beyond it may watch, and are not counted. */
const OPEN_PER_ADDRESS = 64;

/** Who watches: the viewing sessions that asked for a playlist lately. */
export class ViewingSessions {
  readonly #goneMs: number;
  readonly #now: () => number;
  /** By broadcast and viewing session. Those that asked longest ago stand first. */
  readonly #sessions = new Map<string, Map<string, Session>>();
  /** Sessions that nobody admitted. */
  readonly #openByAddress = new Map<string, number>();

  /** @param goneMs After this time without a request for a playlist, a viewer is gone. @param now Milliseconds that never run back. */
  constructor(goneMs: number, now: () => number) {
    this.#goneMs = goneMs;
    this.#now = now;
  }

  /** It has asked for a media playlist. One that was not admitted is counted when it asks again, a part later. */
  asked(broadcastId: string, viewer: Viewer): void {
    this.#forgetGone(broadcastId);
    const session = this.#sessions.get(broadcastId)?.get(viewer.viewId) ?? this.#begin(viewer);
    if (!session) return;
    session.isCounted ||= this.#now() - session.firstAtMs >= WATCHES_AFTER_MS;
    this.#touch(broadcastId, viewer.viewId, session);
  }

  /** It was there all the time, if it was counted or noted when it asked. */
  answered(broadcastId: string, { viewId }: Viewer): void {
    const session = this.#sessions.get(broadcastId)?.get(viewId);
    if (session) this.#touch(broadcastId, viewId, session);
  }

  countOf(broadcastId: string): { viewers: number; admittedViewers: number } {
    this.#forgetGone(broadcastId);
    const counted = [...(this.#sessions.get(broadcastId)?.values() ?? [])].filter(
      ({ isCounted }) => isCounted,
    );
    return {
      viewers: counted.length,
      admittedViewers: counted.filter(({ isAdmitted }) => isAdmitted).length,
    };
  }

  /** Of all broadcasts. */
  forgetGone(): void {
    for (const broadcastId of this.#sessions.keys()) this.#forgetGone(broadcastId);
  }

  /** @returns null: its address has too many. */
  #begin({ isAdmitted, address }: Viewer): Session | null {
    const open = this.#openByAddress.get(address) ?? 0;
    if (!isAdmitted && open >= OPEN_PER_ADDRESS) return null;
    if (!isAdmitted) this.#openByAddress.set(address, open + 1);
    const nowMs = this.#now();
    return { isAdmitted, isCounted: isAdmitted, address, firstAtMs: nowMs, seenAtMs: nowMs };
  }

  #touch(broadcastId: string, viewId: string, session: Session): void {
    const sessions = this.#sessions.get(broadcastId) ?? new Map<string, Session>();
    this.#sessions.set(broadcastId, sessions);
    session.seenAtMs = this.#now();
    sessions.delete(viewId);
    sessions.set(viewId, session);
  }

  #forgetGone(broadcastId: string): void {
    const sessions = this.#sessions.get(broadcastId);
    if (!sessions) return;
    for (const [viewId, session] of sessions) {
      if (this.#now() - session.seenAtMs < this.#goneMs) return;
      sessions.delete(viewId);
      if (!session.isAdmitted) leave(this.#openByAddress, session.address);
    }
    this.#sessions.delete(broadcastId);
  }
}
