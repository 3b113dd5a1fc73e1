import { OpenedSession, parse, parseJson, parsePosition, ServerFrame } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { expectSameView } from "../support/expect-same-view.ts";
import { joinFrame, ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { openHttp } from "../support/wires/open-http.ts";
import { readEventStream } from "../support/wires/read-event-stream.ts";
import { publish } from "./publish.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster(
  (started) => {
    cluster = started;
  },
  { graceMs: 1_500 },
);
/** Between a loss and the word of it: five seconds, twice where a busy machine let the node stand still meanwhile, and a sweep. */
const TOLD_WITHIN_MS = 20_000;

/** A peer whose events come. */
async function joinByHttp(room: string, identity: string): Promise<ProtocolClient> {
  const ticket = await cluster.ticket(room, identity);
  const client = await ProtocolClient.join(cluster.url, { ticket }, openHttp);
  onTestFinished(() => client.drop());
  await client.until(() => client.view.peers.size > 0, "the stream");
  return client;
}

/** Every event once and in order, however often the connection changed. */
function expectNoGap(client: ProtocolClient): void {
  const sequences = client.events.map(({ position }) => parsePosition(position).sequence);
  const [first = 0] = sequences;
  expect(sequences).toEqual(sequences.map((_, index) => first + index));
}

describe("a peer over HTTP", () => {
  it("meets one over a WebSocket: both see, hear and leave each other", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await joinByHttp(room, "ann"), await cluster.join(room, "bob")];
    const microphone = await publish(ann, "microphone", rtpParameters("opus"));
    await publish(bob, "camera", rtpParameters("vp8"));
    for (const client of [ann, bob])
      await client.until(
        () => client.view.consumers.size === 1 && client.view.producers.size === 2,
        "a consumer",
      );
    await expectSameView(ann, bob);
    await ann.command("producer.pause", { producerId: microphone });
    await bob.until(() => bob.view.producers.get(microphone)?.paused === true, "the pause");
    const unknown = ann.command("producer.pause", { producerId: "nobody's" });
    await expect(unknown).rejects.toMatchObject({ code: "producer_not_found" });
    await ann.leave();
    await bob.until(() => bob.view.peers.size === 1, "Ann left");
    expect(bob.events.at(-1)?.event).toMatchObject({ name: "peer.left", data: { reason: "left" } });
    expectNoGap(ann);
  });

  it("is told that it was removed, and does not get in again", async () => {
    const room = cluster.newRoom();
    const ann = await joinByHttp(room, "ann");
    await cluster.api("DELETE", `/v1/rooms/${room}/peers/${ann.peerId}`);
    await ann.until(() => !ann.isConnected, "the stream's end");
    expect(ann.framesOf("error").at(-1)?.error.code).toBe("peer_removed");
    await expect(ann.resume()).rejects.toMatchObject({ code: "peer_removed" });
    await expect(joinByHttp(room, "ann")).rejects.toMatchObject({ code: "banned" });
  });
});

describe("a peer over HTTP whose stream is cut", () => {
  it("and stays away is freed after the grace time", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await joinByHttp(room, "ann"), await cluster.join(room, "bob")];
    await bob.until(() => bob.view.peers.size === 2, "Ann");
    ann.drop();
    await bob.until(() => bob.view.peers.size === 1, "Ann's end");
    expect(bob.events.at(-1)?.event).toMatchObject({ name: "peer.left", data: { reason: "disconnected" } });
    await expect(ann.resume()).rejects.toMatchObject({ code: "session_gone" });
  });
});

/** A session by requests alone, which proves nothing by itself. */
async function openByHand(room: string, identity: string) {
  const { type: _, ...join } = joinFrame({ ticket: await cluster.ticket(room, identity) });
  const ask = (method: string, path: string, ticket: string, more: object) =>
    fetch(`${cluster.url}/v1/sessions${path}`, {
      method,
      ...more,
      headers: { authorization: `Bearer ${ticket}`, "content-type": "application/json", ...more },
    });
  const opened = parse(
    OpenedSession,
    await (await ask("POST", "", "none", { body: JSON.stringify(join) })).json(),
  );
  const path = `/${opened.sessionId}`;
  return {
    opened,
    /** Reads to the end. @returns What came. */
    listen: async (onTicket: (ticket: string) => void): Promise<ServerFrame[]> => {
      const response = await ask("GET", `${path}/events`, opened.sessionTicket, {
        "last-event-id": opened.position,
      });
      const frames: ServerFrame[] = [];
      for await (const { data } of readEventStream(response.body ?? expect.fail("no stream"))) {
        const frame = parseJson(ServerFrame, data);
        if (frame.type === "resumed") onTicket(frame.sessionTicket);
        frames.push(frame);
      }
      return frames;
    },
    ping: async (ticket: string) => {
      const body = JSON.stringify({ frames: [{ type: "ping" }] });
      return (await ask("POST", `${path}/commands`, ticket, { body })).json();
    },
    leave: async (ticket: string) => (await ask("DELETE", path, ticket, {})).status,
  };
}

describe("a session over HTTP", () => {
  it("lives as long as its client pings, and ends without, although both read their events", async () => {
    const room = cluster.newRoom();
    const [lively, silent] = [await openByHand(room, "lively"), await openByHand(room, "silent")];
    let ticket = "";
    let pings: ReturnType<typeof setInterval> | undefined;
    const livelyFrames = lively.listen((fresh) => {
      ticket = fresh;
      pings = setInterval(() => void lively.ping(fresh), 1_000);
    });
    onTestFinished(() => clearInterval(pings));
    const ofSilent = await silent.listen(() => {});
    expect(ofSilent.map(({ type }) => type)).toContain("pong");
    expect(ofSilent.at(-1)).toMatchObject({ type: "error", error: { code: "session_gone" } });
    const { peers } = (await cluster.api("GET", `/v1/rooms/${room}/peers`)).body;
    expect(peers).toMatchObject([{ peerId: lively.opened.peerId, connected: true }]);

    expect(await lively.leave(ticket)).toBe(204);
    expect((await livelyFrames).at(-1)).toMatchObject({ type: "error", error: { code: "session_left" } });
    expect((await cluster.room(room)).peers).toBe(0);
  });

  it("that nobody follows is freed, with all that it has", async () => {
    const room = cluster.newRoom();
    const bob = await cluster.join(room, "bob");
    const before = cluster.resourcesOf(room);
    await openByHand(room, "ann");
    await bob.until(() => bob.view.peers.size === 2, "Ann");
    expect(cluster.resourcesOf(room)).not.toEqual(before);
    await bob.until(() => bob.view.peers.size === 1, "Ann's end");
    await expect.poll(() => cluster.resourcesOf(room)).toEqual(before);
  });
});

it("peers that lose their connection, over HTTP or a WebSocket, are away before they are gone, and back when they resume", async () => {
  const patient = await startMemoryCluster({ cores: 1, graceMs: 60_000 });
  onTestFinished(patient.close);
  const join = async (identity: string, open?: typeof openHttp) =>
    ProtocolClient.join(patient.url, { ticket: await patient.ticket("one", identity) }, open);
  const [ann, bob, cleo] = [await join("ann", openHttp), await join("bob"), await join("cleo")];
  const awayOf = () => [ann, bob].map(({ peerId }) => cleo.view.peers.get(peerId)?.away);
  await cleo.until(() => cleo.view.peers.size === 3, "the others");
  for (const client of [ann, bob]) client.drop();
  await expect.poll(awayOf, { timeout: TOLD_WITHIN_MS }).toEqual([true, true]);
  const late = await join("dan");
  await late.until(() => late.view.peers.size === 4, "the snapshot");
  expect(late.view.peers.get(bob.peerId)?.away).toBe(true);
  for (const client of [ann, bob]) await client.resume();
  await expect.poll(awayOf, { timeout: TOLD_WITHIN_MS }).toEqual([undefined, undefined]);
  expect(cleo.events.map(({ event }) => event.name)).not.toContain("peer.left");
  onTestFinished(() => ann.drop());
});
