import { decodeText, encodeJson } from "@fairlead/bus";
import { connectNatsTcpBus } from "@fairlead/bus/nats-tcp";
import { PROTOCOL_VERSION, parsePosition, randomId, subjects } from "@fairlead/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { expectMedia } from "../support/expect-media.ts";
import { expectSameView } from "../support/expect-same-view.ts";
import { Closers } from "../support/processes/closers.ts";
import { type Edit, makeNextBuild } from "../support/processes/next-build.ts";
import { joinFrame, ProtocolClient } from "../support/protocol-client.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { expectNothingLeft } from "./expect-nothing-left.ts";

const NEXT_VERSION = PROTOCOL_VERSION + 1;
const PROTOCOL = "packages/protocol/src";
const NODE = "apps/media-node/src";

const after = (file: string, find: string, addition: string): Edit => ({
  file,
  find,
  replace: `${find}\n${addition}`,
});

/** All that the rule in packages/protocol/README.md allows: optional fields, a call, a command, an event; and a new version. */
const NEXT_BUILD: Edit[] = [
  {
    file: `${PROTOCOL}/version.ts`,
    find: `PROTOCOL_VERSION = ${PROTOCOL_VERSION}`,
    replace: `PROTOCOL_VERSION = ${NEXT_VERSION}`,
  },
  {
    file: `${PROTOCOL}/version.ts`,
    find: "[PROTOCOL_VERSION]",
    replace: `[PROTOCOL_VERSION, ${PROTOCOL_VERSION}]`,
  },
  after(`${PROTOCOL}/join.ts`, "graceMs: z.int().min(0),", "motto: z.string().optional(),"),
  after(`${NODE}/rooms/joins.ts`, "graceMs: this.#options.graceMs,", 'motto: "of the next build",'),
  after(`${PROTOCOL}/node-calls.ts`, "sessionId: SessionId,", "locale: z.string().optional(),"),
  {
    file: "packages/signaling/src/session/open-session.ts",
    find: "const request = { join, sessionId, ...placed };",
    replace: 'const request = { join, sessionId, ...placed, locale: "en" };',
  },
  after(`${PROTOCOL}/registry-records.ts`, "version: z.string().max(32),", "zone: z.string().optional(),"),
  after(`${NODE}/heartbeat/compose-beat.ts`, "...node,", 'zone: "b",'),
  after(
    `${PROTOCOL}/events.ts`,
    '"snapshot.ended": z.object({}),',
    '"peer.waved": z.object({ peerId: PeerId }),',
  ),
  after(
    `${NODE}/room/room.ts`,
    "peer.session.start();",
    'this.broadcast({ name: "peer.waved", data: { peerId: peer.peerId } });',
  ),
  after(`${PROTOCOL}/node-calls.ts`, "NODE_CALLS = {", '"node.greet": { request: Nothing, reply: Nothing },'),
  after(`${NODE}/calls/answer-node-calls.ts`, '"node.ping": () => ({}),', '"node.greet": () => ({}),'),
  after(`${PROTOCOL}/commands.ts`, "COMMANDS = {", '"peer.wave": { request: Nothing, reply: Nothing },'),
  after(`${NODE}/commands/act.ts`, "const handlers: CommandHandlers = {", '"peer.wave": () => ({}),'),
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
