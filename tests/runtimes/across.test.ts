import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectSameView } from "../support/expect-same-view.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { type Driver, HTTP, WEBSOCKET } from "./conformance/driver.ts";
import {
  countUpTo,
  inTurns,
  publishMicrophone,
  sequencesOf,
  toggles,
  togglesSeen,
} from "./conformance/media.ts";
import { lambdaRuntime } from "./lambda-function-url.ts";
import type { Runtime } from "./runtime.ts";
import { bunRuntime } from "./start-bun.ts";
import { denoRuntime } from "./start-deno.ts";
import { nodeRuntime } from "./start-node.ts";
import { type RuntimeCluster, startRuntimeCluster } from "./start-runtime-cluster.ts";
import { workerdRuntime } from "./start-workerd.ts";

const EVENTS = 120;
const COMMANDS = 40;
/** Under the 64 that a session may have in flight. */
const IN_FLIGHT = 40;

type Crossing = { from: Runtime; to: Runtime; before: Driver; after: Driver };

const CROSSINGS: Crossing[] = [
  { from: nodeRuntime, to: bunRuntime, before: WEBSOCKET, after: WEBSOCKET },
  { from: bunRuntime, to: workerdRuntime, before: WEBSOCKET, after: HTTP },
  { from: workerdRuntime, to: denoRuntime, before: WEBSOCKET, after: WEBSOCKET },
  { from: denoRuntime, to: nodeRuntime, before: HTTP, after: WEBSOCKET },
  { from: nodeRuntime, to: lambdaRuntime, before: WEBSOCKET, after: HTTP },
  { from: lambdaRuntime, to: bunRuntime, before: HTTP, after: WEBSOCKET },
];

let cluster: RuntimeCluster;
beforeAll(async () => {
  cluster = await startRuntimeCluster({ name: "runtimes-across" });
});
afterAll(() => cluster.close());

async function toggleInTurns(client: ProtocolClient, producerId: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += IN_FLIGHT)
    await Promise.all(toggles(client, producerId, Math.min(IN_FLIGHT, count - done)));
}

/** None lost and none twice, and each seen once. A peer's own microphone is told to it by events as well. */
async function expectAllSeen(client: ProtocolClient, producerId: string, count: number): Promise<void> {
  await client.until(() => togglesSeen(client, producerId).length >= count, "all toggles");
  expect(togglesSeen(client, producerId)).toEqual(inTurns(count));
  expect(sequencesOf(client)).toEqual(countUpTo(client.events.length));
}

describe.each(
  CROSSINGS.map((crossing) => ({ ...crossing, way: `${crossing.from.name} (${crossing.before.name})` })),
)("signaling on $way is killed amid events and commands", ({ from, to, before, after }) => {
  it(`and its sessions go on by ${to.name} (${after.name}): nothing is lost, nothing acts twice`, async () => {
    const name = `${from.name}-to-${to.name}`;
    const [dying, other] = await Promise.all([
      cluster.start(from, `${name}-from`),
      cluster.start(to, `${name}-to`),
    ]);
    const room = cluster.newRoom();
    const join = async (url: string, { openWire }: Driver) =>
      ProtocolClient.join(url, { ticket: await cluster.ticket({ room }) }, openWire);
    const [ann, bob] = [await join(dying.url, before), await join(other.url, after)];
    const [annsMicrophone, bobsMicrophone] = [await publishMicrophone(ann), await publishMicrophone(bob)];

    const bobToggles = toggleInTurns(bob, bobsMicrophone, EVENTS);
    const commands = toggles(ann, annsMicrophone, COMMANDS);
    // Some have acted by now, some are on their way, of some the answer is.
    await Promise.race(commands);
    await dying.kill();
    await ann.until(() => !ann.isConnected, "the connection's end");
    await ann.resume({ url: other.url, openWire: after.openWire });
    await Promise.all([...commands, bobToggles]);

    for (const client of [ann, bob]) {
      await expectAllSeen(client, bobsMicrophone, EVENTS);
      await expectAllSeen(client, annsMicrophone, COMMANDS);
    }
    await expectSameView(ann, bob);
    expect(ann.framesOf("joined").length).toBe(1);
    await Promise.all([ann.leave(), bob.leave()]);
    await other.close();
  });
});
