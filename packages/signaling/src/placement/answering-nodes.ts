import { type Bus, callEveryNode } from "@fairlead/bus";
import { type NodeCallReply, subjects } from "@fairlead/protocol";

export type DescribedNode = NodeCallReply<"node.describe">;

export type KnownNodes = {
  /** Rejects with `bus_disconnected`. */
  answers: Promise<DescribedNode[]>;
  /** The nodes were asked for an earlier join. */
  isRemembered: boolean;
};

/** How long nodes have to answer. */
const DESCRIBE_TIMEOUT_MS = 200;
/** For this long the answers serve later joins too. A node that has gone since refuses the claim, or nobody answers it. */
const REMEMBERED_MS = 1_000;

/** The nodes that answer on the bus. All of them are asked once a second at most, however many joins want to know. */
export class AnsweringNodes {
  readonly #bus: Bus;
  readonly #now: () => number;
  #last: { askedAtMs: number; known: KnownNodes } | null = null;

  /** @param now Milliseconds. */
  constructor(bus: Bus, now: () => number) {
    this.#bus = bus;
    this.#now = now;
  }

  all(): KnownNodes {
    const nowMs = this.#now();
    const isFresh = this.#last !== null && Math.abs(nowMs - this.#last.askedAtMs) < REMEMBERED_MS;
    if (this.#last && isFresh) return { ...this.#last.known, isRemembered: true };
    const known = { answers: this.#ask(), isRemembered: false };
    this.#last = { askedAtMs: nowMs, known };
    known.answers.catch(() => this.forget(known));
    return known;
  }

  /** These answers were of no use: the next join asks anew, unless somebody has done so already. */
  forget({ answers }: KnownNodes): void {
    if (this.#last?.known.answers === answers) this.#last = null;
  }

  #ask(): Promise<DescribedNode[]> {
    const options = { timeoutMs: DESCRIBE_TIMEOUT_MS };
    return callEveryNode(this.#bus, subjects.nodes, "node.describe", {}, options);
  }
}
