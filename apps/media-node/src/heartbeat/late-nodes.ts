import { type Bus, callSubject } from "@fairlead/bus";
import { FairleadError, subjects } from "@fairlead/protocol";
import type { HeartbeatReply } from "@fairlead/registry";

/** A node that was silent for so many beats, and that nobody answers for, counts as dead: the registry's `suspectTtlMs`, and a little. */
const ASK_AFTER_BEATS = 2.44;
const PING_TIMEOUT_MS = 400;
/** A beat names no more. */
const SUSPECTS_MAX = 16;

/** A node's rooms are handed out within this time after it was last called late. */
const REMEMBERED_MS = 10_000;

/** `hasAnswered`: on the bus, though it was late. */
type LateNode = { silentMs: number; isUnreachable: boolean; hasAnswered: boolean; atMs: number };

export type LateNodesOptions = {
  bus: Bus;
  /** Sends a beat at once, with `suspects`. */
  beat: () => unknown;
};

/**
 * Watches other nodes: the registry names nodes whose heartbeats are late, and every node that hears it asks them on the bus. If no
 * process listens there, the node is a suspect, which shortens its time. A node that does not answer is none: it may be busy.
 */
export class LateNodes {
  readonly #options: LateNodesOptions;
  /** When the late ones will be asked, by incarnation. */
  readonly #watched = new Map<string, NodeJS.Timeout>();
  readonly #suspects = new Set<string>();
  /** The last that was heard of them, for the log: most are back a moment later. */
  readonly #lastHeard = new Map<string, LateNode>();

  constructor(options: LateNodesOptions) {
    this.#options = options;
  }

  /** @param late As the registry's answer to a beat names them. */
  note(late: HeartbeatReply["late"]): void {
    const named = new Set(late.map(({ incarnation }) => incarnation));
    for (const incarnation of [...this.#watched.keys()])
      if (!named.has(incarnation)) this.#forget(incarnation);
    for (const { incarnation, silentMs, intervalMs } of late) {
      this.#remember(incarnation, { silentMs });
      if (this.#watched.has(incarnation)) continue;
      const leftMs = Math.max(0, ASK_AFTER_BEATS * intervalMs - silentMs);
      const timer = setTimeout(() => void this.#ask(incarnation), leftMs);
      this.#watched.set(incarnation, timer);
    }
  }

  /** The incarnations that the next beat names. Each is named once; a node that is still late is asked again. */
  takeSuspects(): string[] {
    const suspects = [...this.#suspects].slice(0, SUSPECTS_MAX);
    for (const incarnation of suspects) this.#suspects.delete(incarnation);
    return suspects;
  }

  /** @returns undefined for one that has not been late for a while. */
  lastHeardOf(incarnation: string): Omit<LateNode, "atMs"> | undefined {
    const late = this.#lastHeard.get(incarnation);
    return late && performance.now() - late.atMs < REMEMBERED_MS ? late : undefined;
  }

  #remember(incarnation: string, news: Partial<LateNode>): void {
    const nowMs = performance.now();
    for (const [other, { atMs }] of this.#lastHeard)
      if (nowMs - atMs >= REMEMBERED_MS) this.#lastHeard.delete(other);
    const known = this.#lastHeard.get(incarnation) ?? {
      silentMs: 0,
      isUnreachable: false,
      hasAnswered: false,
    };
    this.#lastHeard.set(incarnation, { ...known, ...news, atMs: nowMs });
  }

  stop(): void {
    for (const incarnation of [...this.#watched.keys()]) this.#forget(incarnation);
  }

  async #ask(incarnation: string): Promise<void> {
    const { bus, beat } = this.#options;
    try {
      const options = { timeoutMs: PING_TIMEOUT_MS };
      await callSubject(bus, subjects.nodePing(incarnation), "node.ping", {}, options);
      this.#remember(incarnation, { hasAnswered: true });
    } catch (error) {
      const isUnreachable = error instanceof FairleadError && error.code === "node_unreachable";
      if (!isUnreachable || !this.#watched.has(incarnation)) return;
      this.#suspects.add(incarnation);
      this.#remember(incarnation, { isUnreachable: true, hasAnswered: false });
      beat();
    } finally {
      this.#watched.delete(incarnation);
    }
  }

  #forget(incarnation: string): void {
    clearTimeout(this.#watched.get(incarnation));
    this.#watched.delete(incarnation);
  }
}
