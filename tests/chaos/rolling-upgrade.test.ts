import { decodeText, encodeJson } from "@fairlead/bus";
import { connectNatsTcpBus } from "@fairlead/bus/nats-tcp";
import { PROTOCOL_VERSION, parsePosition, randomId, subjects } from "@fairlead/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { expectMedia } from "../support/expect-media.ts";
import { expectSameView } from "../support/expect-same-view.ts";
import { Closers } from "../support/processes/closers.ts";
import { type Addition, makeNextBuild } from "../support/processes/next-build.ts";
import { joinFrame, ProtocolClient } from "../support/protocol-client.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { expectNothingLeft } from "./expect-nothing-left.ts";

const NEXT_VERSION = PROTOCOL_VERSION + 1;

/** All that the rule in packages/protocol/README.md allows beside a new version: optional fields, a call, a command, an event. */
const NEXT_BUILD: Addition[] = [
  { at: "reply of a join, schema", code: "motto: z.string().optional()," },
  { at: "reply of a join", code: 'motto: "of the next build",' },
  { at: "request of a join, schema", code: "locale: z.string().optional()," },
  { at: "request of a join", code: 'locale: "en",' },
  { at: "record of a node, schema", code: "zone: z.string().optional()," },
  { at: "record of a node", code: 'zone: "b",' },
  { at: "events", code: '"peer.waved": z.object({ peerId: PeerId }),' },
  {
    at: "a peer is in the room",
    code: 'room.tell({ name: "peer.waved", data: { peerId: peer.peerId } });',
  },
  { at: "calls to a node", code: '"node.greet": { request: Nothing, reply: Nothing },' },
  { at: "answers of a node", code: '"node.greet": () => ({}),' },
  { at: "commands", code: '"peer.wave": { request: Nothing, reply: Nothing },' },
  { at: "handlers of commands", code: '"peer.wave": () => ({}),' },
];

const BUILDS = ["this", "next"] as const;
type Build = (typeof BUILDS)[number];
const PAIRS = BUILDS.flatMap((signaling) => BUILDS.map((node) => [signaling, node] as const));

describe("signaling and nodes of two builds", () => {
  const closers = new Closers();
  let cluster: ProcessCluster;
  let chromium: Chromium;
  let nextRoot: string;
  beforeAll(async () => {
    const next = makeNextBuild(NEXT_BUILD);
    nextRoot = next.root;
    closers.add({ close: next.remove });
    const both = [{}, { root: next.root }];
    [cluster, chromium] = await Promise.all([
      startProcessCluster({ name: "rolling-upgrade", signaling: both, nodes: both }),
      launchChromium(),
    ]);
    closers.add(cluster, chromium);
  });
  afterAll(() => closers.closeAll());

  const urlOf = (build: Build) => cluster.signalings[BUILDS.indexOf(build)]?.url ?? "";
  const nodeOf = (build: Build) => cluster.nodes[BUILDS.indexOf(build)]?.name ?? "";
  const newRoomOn = async (node: Build) => {
    const room = cluster.newRoom();
    await cluster.api("PUT", `/v1/rooms/${room}`, { nodeId: nodeOf(node) });
    return room;
  };
  const join = async (build: Build, room: string, name: string) =>
    ProtocolClient.join(urlOf(build), { ticket: await cluster.ticket(room, name) });

  it.each(PAIRS)(
    "signaling of %s build and a node of %s: events, commands, resumes",
    async (signaling, node) => {
      const room = await newRoomOn(node);
      const ann = await join(signaling, room, "ann");
      const bob = await join("this", room, "bob");
      await ann.until(() => ann.view.peers.size === 2, "Bob");
      ann.drop();
      await ann.until(() => !ann.isConnected, "the socket's end");
      await ann.resume();
      const cleo = await join("next", room, "cleo");
      for (const client of [ann, bob, cleo])
        await client.until(() => client.view.peers.size === 3, "everybody");
      await expectSameView(ann, bob, cleo);
      // A client of this build counts an event that it does not know, and skips it.
      const names = ann.events.map(({ event }) => event.name as string);
      expect(names.includes("peer.waved")).toBe(node === "next");
      const sequences = ann.events.map(({ position }) => parsePosition(position).sequence);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));

      const waved = await ann.command("peer.wave" as "session.leave", {}).catch((error) => error.code);
      expect(waved).toEqual(signaling === "next" && node === "next" ? {} : "unknown_command");
      await ann.command("producers.unsubscribe", { producerIds: ["none"] });
      await Promise.all([ann, bob, cleo].map((client) => client.leave()));
      await cluster.api("DELETE", `/v1/rooms/${room}`);
    },
  );

  it.each(BUILDS)("people with pages of both meet on a node of %s build", async (node) => {
    const room = await newRoomOn(node);
    const pages = await Promise.all([
      SdkPage.open(chromium.context),
      SdkPage.open(chromium.context, nextRoot),
    ]);
    for (const [index, page] of pages.entries())
      await page.join(urlOf(BUILDS[index] ?? "this"), [await cluster.ticket(room, `peer-${index}`)]);
    await Promise.all(pages.map((page) => expectMedia(page, { from: 1 })));
    await Promise.all(pages.map((page) => page.leave()));
    await Promise.all(pages.map((page) => page.close()));
    await cluster.api("DELETE", `/v1/rooms/${room}`);
  });

  it("a client of the next build is told by signaling of this one what it speaks", async () => {
    const client = new ProtocolClient(urlOf("this"));
    await client.connect();
    client.send({ ...joinFrame({ ticket: randomId() }), protocolVersion: NEXT_VERSION });
    await client.until(() => client.framesOf("error").length > 0, "the refusal");
    expect(client.framesOf("error")[0]?.error).toMatchObject({
      code: "protocol_unsupported",
      detail: { supported: [PROTOCOL_VERSION] },
    });
  });

  it("a call that only the next build has is answered by it, and refused by this one's nodes", async () => {
    const { nats } = cluster;
    const bus = await connectNatsTcpBus({
      servers: [nats.tcpUrl],
      ...nats.users.signaling,
      inboxPrefix: "_INBOX_signaling",
    });
    const incarnations = new Map((await cluster.listNodes()).map((node) => [node.nodeId, node.incarnation]));
    const call = encodeJson({ name: "node.greet", data: {} });
    const greet = async (build: Build) => {
      const subject = subjects.nodeCall(incarnations.get(nodeOf(build)) ?? "");
      return JSON.parse(decodeText((await bus.request(subject, call, { timeoutMs: 5_000 })).data));
    };
    expect(await greet("this")).toMatchObject({ ok: false, error: { code: "unknown_command" } });
    expect(await greet("next")).toEqual({ ok: true, data: {} });
    await bus.close();
  });

  it("leave nothing behind", () => expectNothingLeft(cluster));
});
