import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMAND_WINDOW, type CommandEnvelope } from "../commands.ts";
import type { NumberedEvent, RoomEvent } from "../events.ts";
import type { Acknowledgement, ReplyFrame } from "../frames.ts";
import { CommandIntake } from "./command-intake.ts";
import { type Arrival, EventCursor } from "./event-cursor.ts";
import { EventStream } from "./event-stream.ts";
import { EPOCH } from "./testing/model-node.ts";
import { type Parts, Step, World } from "./testing/world.ts";

/** At 1 s each; the node's pause before sending again grows to 8 s. */
const MAX_ROUNDS = 60;
const RUNS = Number(process.env.MODEL_RUNS ?? 3_000);
const histories = fc.array(Step, { minLength: 1, maxLength: 120, size: "max" });

/** Runs a history, then a reliable channel, and holds the result to what the protocol promises. */
async function check(history: Step[], parts?: Parts): Promise<World> {
  const world = new World(parts);
  for (const step of history) await world.happen(step);
  await world.settle(MAX_ROUNDS);
  expectAgreement(world);
  expectOrder(world);
  expectCommandsDone(world, history.filter((step) => step.do === "command").length);
  return world;
}

function expectAgreement({ node, client, rounds }: World): void {
  expect(client.state.toJSON(), "client state equals truth").toEqual(node.truth.toJSON());
  expect(rounds, "both come to rest").toBeLessThan(MAX_ROUNDS);
  expect(node.excessEvents, "the log stays within its limit").toBe(0);
  expect(node.intake.size).toBeLessThanOrEqual(COMMAND_WINDOW);
}

function expectOrder({ client }: World): void {
  expect(client.applied[0], "the first event of a session is its snapshot").toMatchObject({
    isSnapshot: true,
  });
  let previous = 0;
  for (const { sequence, isSnapshot } of client.applied) {
    expect(sequence, "no event is applied twice or late").toBeGreaterThan(previous);
    if (!isSnapshot) expect(sequence, "nothing but a snapshot is applied past a gap").toBe(previous + 1);
    previous = sequence;
  }
}

function expectCommandsDone({ node, client }: World, issued: number): void {
  const inOrder = [...new Set(node.acted)].sort((a, b) => a - b);
  expect(node.acted, "a command acts at most once, in the order of ids").toEqual(inOrder);
  expect(client.answers.size, "every command is answered or given up").toBe(issued);
  for (const [id, answer] of client.answers) {
    if (typeof answer === "number") expect(node.acted[answer], "an answer is its own command's").toBe(id);
    else expect(answer, "nothing is refused that was not given up").toBe("node_timeout");
  }
}

describe("delivery over a bus that loses, doubles, delays and reorders", () => {
  it(`brings client and truth together after each of ${RUNS} random histories`, async () => {
    const details = await fc.check(
      fc.asyncProperty(
        histories,
        fc.boolean(),
        async (history, acksByPing) => void (await check(history, { acksByPing })),
      ),
      { numRuns: RUNS },
    );
    const report = `${fc.defaultReportMessage(details) ?? `seed ${details.seed}`}\n${details.errorInstance}`;
    expect(details.failed, report).toBe(false);
  }, 120_000);

  it("meets overflows, snapshots on the way, given-up and repeated commands in these histories", async () => {
    const met = { snapshots: 0, actedTwiceAsked: 0, givenUp: 0 };
    for (const history of fc.sample(histories, { numRuns: 300, seed: 1 })) {
      const { client, node } = await check(history, { acksByPing: history.length % 2 === 0 });
      met.snapshots += Number(client.applied.filter(({ isSnapshot }) => isSnapshot).length > 1);
      met.givenUp += Number([...client.answers.values()].includes("node_timeout"));
      met.actedTwiceAsked += Number(node.repeats > 0);
    }
    expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(20);
  });
});

describe("the model catches", () => {
  class AppliesPastGaps extends EventCursor {
    override accept(numbered: NumberedEvent): Arrival {
      const arrival = super.accept(numbered);
      return arrival === "gap" ? "apply" : arrival;
    }
  }
  class AppliesDuplicates extends EventCursor {
    override accept(numbered: NumberedEvent): Arrival {
      const arrival = super.accept(numbered);
      return arrival === "duplicate" ? "apply" : arrival;
    }
  }
  class ForgetsReplies extends CommandIntake<ReplyFrame> {
    readonly #act: (command: CommandEnvelope) => Promise<ReplyFrame>;
    constructor(act: (command: CommandEnvelope) => Promise<ReplyFrame>) {
      super(act);
      this.#act = act;
    }
    override receive(command: CommandEnvelope): Promise<ReplyFrame> {
      return this.#act(command);
    }
  }
  class NeverSendsAgain extends EventStream {
    override tick(): NumberedEvent[] {
      return [];
    }
  }
  class TellsBeforeItsSnapshot extends EventStream {
    #isStarted = false;
    override start(): NumberedEvent[] {
      this.#isStarted = true;
      return super.start();
    }
    override append(event: RoomEvent): NumberedEvent[] {
      return this.#isStarted ? super.append(event) : [{ position: `${EPOCH}:1`, event }];
    }
  }
  class ForgetsTooEarly extends EventStream {
    override acknowledge(ack: Acknowledgement): NumberedEvent[] {
      const [epoch, sequence] = ack.position.split(":");
      return super.acknowledge({ ...ack, position: `${epoch}:${Number(sequence) + 1}` });
    }
  }

  const broken: [string, Parts][] = [
    ["a client that applies events past a gap", { makeCursor: (at) => new AppliesPastGaps(at) }],
    ["a client that applies duplicates", { makeCursor: (at) => new AppliesDuplicates(at) }],
    ["a node that acts on each copy of a command", { makeIntake: (act) => new ForgetsReplies(act) }],
    ["a node that sends nothing again by itself", { makeStream: (options) => new NeverSendsAgain(options) }],
    [
      "a node that tells of others before its snapshot",
      { makeStream: (options) => new TellsBeforeItsSnapshot(options) },
    ],
    ["a node that forgets one event too many", { makeStream: (options) => new ForgetsTooEarly(options) }],
  ];

  it.each(broken)("%s", async (_, parts) => {
    const property = fc.asyncProperty(histories, async (history) => void (await check(history, parts)));
    const details = await fc.check(property, { numRuns: 500, seed: 1, endOnFailure: true });
    expect(details.failed).toBe(true);
  });
});
