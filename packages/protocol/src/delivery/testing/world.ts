import fc from "fast-check";
import { Channel } from "./channel.ts";
import type { ToClient, ToNode } from "./messages.ts";
import { type ClientParts, ModelClient } from "./model-client.ts";
import { ModelNode, type NodeParts } from "./model-node.ts";

const direction = fc.constantFrom("up" as const, "down" as const);
const index = fc.nat({ max: 40 });

/** One thing that may happen. A step that can't happen now (nothing is in flight, say) does nothing. */
export const Step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("deliver" as const), direction, index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), direction, index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("double" as const), direction, index }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("change" as const), index }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("command" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("start" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("finish" as const), index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("give_up" as const), index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), isNoticed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("attach" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat({ max: 2_000 }) }) },
);
export type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

export type Parts = Pick<NodeParts, "makeIntake" | "makeStream"> &
  Pick<ClientParts, "makeCursor" | "acksByPing">;

const MAX_TURNS = 2_000;

/** A node, a client, and everything between them. */
export class World {
  readonly node: ModelNode;
  readonly client: ModelClient;
  /** Rounds that a reliable channel needed, in the end, to bring both sides together. */
  rounds = 0;
  readonly #up = new Channel<ToNode>();
  readonly #down = new Channel<ToClient>();
  #nowMs = 0;

  constructor(parts: Parts = {}) {
    const now = () => this.#nowMs;
    this.node = new ModelNode({ ...parts, now, send: (message) => this.#down.send(message) });
    this.client = new ModelClient({ ...parts, now, send: (message) => this.#up.send(message) });
  }

  async happen(step: Step): Promise<void> {
    if (step.do === "deliver") this.#deliver(step.direction, step.index);
    else if (step.do === "lose") (step.direction === "up" ? this.#up : this.#down).take(step.index);
    else if (step.do === "double") (step.direction === "up" ? this.#up : this.#down).double(step.index);
    else if (step.do === "change") this.node.peerComesOrGoes(step.index);
    else if (step.do === "command") this.client.command();
    else if (step.do === "start") this.node.start();
    else if (step.do === "finish") this.node.finish(step.index);
    else if (step.do === "give_up") this.client.giveUp(step.index);
    else if (step.do === "attach") this.client.attach();
    else if (step.do === "wait") this.#wait(step.ms);
    else {
      this.client.cut();
      if (step.isNoticed) this.node.detach();
    }
    await microtasks();
  }

  /** The channel becomes reliable, what was in flight still arrives, and time passes. */
  async settle(maxRounds: number): Promise<void> {
    this.node.start();
    for (this.rounds = 0; this.rounds < maxRounds && !this.#isQuiet(); this.rounds += 1) {
      // Two ends that answer each other for ever would hang the test instead of failing it.
      for (let turn = 0; turn < MAX_TURNS && this.#isBusy(); turn += 1) {
        this.#deliver("up", 0);
        this.#deliver("down", 0);
        this.node.finish(0);
        await microtasks();
      }
      this.#wait(1_000);
    }
  }

  #isQuiet(): boolean {
    const isDone =
      this.client.link === "open" && this.client.outbox.size === 0 && this.node.stream.size === 0;
    return !this.#isBusy() && isDone && this.rounds > 0 && this.#isInStep();
  }

  #isBusy(): boolean {
    return this.#up.size + this.#down.size + this.node.running > 0;
  }

  /** A client that has heard nothing yet agrees by chance with a room that is empty again. */
  #isInStep(): boolean {
    if (this.client.applied.length === 0) return false;
    return JSON.stringify(this.client.state) === JSON.stringify(this.node.truth);
  }

  #wait(ms: number): void {
    this.#nowMs += ms;
    this.node.tick();
    this.client.tick();
  }

  #deliver(direction: "up" | "down", index: number): void {
    if (direction === "up") {
      const message = this.#up.take(index);
      if (message) this.node.receive(message);
    } else {
      const message = this.#down.take(index);
      if (message) this.client.receive(message);
    }
  }
}

/** Replies travel through promises: let those that are ready go. */
async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await null;
}
