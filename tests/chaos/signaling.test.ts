import { type CommandName, parsePosition } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { expectSameView } from "../support/expect-same-view.ts";
import { startTcpBalancer } from "../support/processes/tcp-balancer.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { expectConsistent } from "./expect-nothing-left.ts";
import { useProcessCluster } from "./use-process-cluster.ts";

const EVENTS = 200;
const COMMANDS = 50;
/** Under the 64 that a session may have in flight. */
const IN_FLIGHT = 40;

const chaos = useProcessCluster({ name: "signaling", nodes: 2 });

/** Two peers without media, Ann by the first signaling process and Bob by the second. */
async function meetByProtocol() {
  const { cluster } = chaos;
  const balancer = await startTcpBalancer(() => cluster.signalings.map(({ port }) => port));
  onTestFinished(() => balancer.close());
  const room = cluster.newRoom();
  const join = async (name: string) =>
    ProtocolClient.join(balancer.url, { ticket: await cluster.ticket(room, name) });
  const ann = await join("ann");
  const bob = await join("bob");
  return { room, ann, bob };
}

async function publishMicrophone(client: ProtocolClient): Promise<string> {
  const { producerId } = await client.command("producer.create", {
    kind: "audio",
    source: "microphone",
    rtpParameters: rtpParameters("opus"),
  } as never);
  return producerId;
}

/** Pauses and resumes in turn: each makes one event for everybody. */
function toggles(client: ProtocolClient, producerId: string, count: number): Promise<unknown>[] {
  const names: CommandName[] = ["producer.pause", "producer.resume"];
  return Array.from({ length: count }, (_, index) =>
    client.command(names[index % 2] as "producer.pause", { producerId }),
  );
}

async function toggleInTurns(client: ProtocolClient, producerId: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += IN_FLIGHT)
    await Promise.all(toggles(client, producerId, Math.min(IN_FLIGHT, count - done)));
}

/** `paused` and `resumed` of one producer, in the order in which `client` applied them. */
function togglesSeen(client: ProtocolClient, producerId: string): string[] {
  return client.events.flatMap(({ event: { name, data } }) =>
    /^producer\.(paused|resumed)$/.test(name) && "producerId" in data && data.producerId === producerId
      ? [name]
      : [],
  );
}

const inTurns = (count: number) =>
  Array.from({ length: count }, (_, index) => (index % 2 === 0 ? "producer.paused" : "producer.resumed"));

describe("a signaling process", () => {
  it.each([
    ["is killed (SIGKILL)", "SIGKILL"],
    ["is told to end (SIGTERM)", "SIGTERM"],
  ] as const)("%s: media flows on, and its peers come back by the other one", async (_, signal) => {
    const meeting = await chaos.meet();
    const before = await meeting.state();
    const sockets = await meeting.tab.sockets();
    const [first] = chaos.cluster.signalings;
    await first?.kill(signal);
    if (signal === "SIGTERM") expect(await first?.ended()).toBe(0);

    await meeting.expectConnected();
    await meeting.expectUndisturbed(before);
    expect(await meeting.tab.sockets()).toBeGreaterThan(sockets);
    await first?.restart();
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
  });

  it(`is killed amid ${EVENTS} events and ${COMMANDS} commands: nothing is lost and nothing acts twice`, async () => {
    const { room, ann, bob } = await meetByProtocol();
    const [annsMicrophone, bobsMicrophone] = [await publishMicrophone(ann), await publishMicrophone(bob)];
    const [first] = chaos.cluster.signalings;

    const bobToggles = toggleInTurns(bob, bobsMicrophone, EVENTS);
    const channels = Array.from({ length: 8 }, (_, streamId) =>
      ann.command("data_producer.create", {
        label: `channel-${streamId}`,
        sctpStreamParameters: { streamId, ordered: true },
      }),
    );
    const commands = [...channels, ...toggles(ann, annsMicrophone, COMMANDS - channels.length)];
    // Some have acted by now, some are on their way, of some the answer is.
    await Promise.race(commands);
    await first?.kill();
    await ann.until(() => !ann.isConnected, "the socket's end");
    await ann.resume();
    await Promise.all([...commands, bobToggles]);

    const ids = (await Promise.all(channels)).map(({ dataProducerId }) => dataProducerId).sort();
    const heard = () => [...bob.view.dataConsumers.values()].map(({ dataProducerId }) => dataProducerId);
    await bob.until(() => heard().length >= ids.length, "data consumers");
    expect(heard().sort()).toEqual(ids);
    await ann.until(() => togglesSeen(ann, bobsMicrophone).length >= EVENTS, "Bob's events");
    await bob.until(() => togglesSeen(bob, annsMicrophone).length >= COMMANDS - 8, "Ann's events");
    expect(togglesSeen(ann, bobsMicrophone)).toEqual(inTurns(EVENTS));
    expect(togglesSeen(bob, annsMicrophone)).toEqual(inTurns(COMMANDS - 8));
    await expectSameView(ann, bob);
    const sequences = ann.events.map(({ position }) => parsePosition(position).sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));

    await first?.restart();
    await Promise.all([ann.leave(), bob.leave()]);
    await chaos.cluster.api("DELETE", `/v1/rooms/${room}`);
  });
});
