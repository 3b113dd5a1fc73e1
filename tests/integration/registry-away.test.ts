import { EventEmitter } from "node:events";
import { mkdtemp, readlink, rm, symlink, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callNode, callSubject } from "@fairlead/bus";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { subjects } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { type Logger, silentLogger } from "@fairlead/telemetry";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type MemoryCluster,
  type MemoryClusterOptions,
  startMemoryCluster,
} from "../support/clusters/start-memory-cluster.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { expectSame, meet, rejoin } from "./meetings.ts";

type WatchedCluster = MemoryCluster & { failedBeats: EventEmitter };

async function start(options: MemoryClusterOptions): Promise<WatchedCluster> {
  const failedBeats = new EventEmitter();
  const warn: Logger["warn"] = (event) => event === "heartbeat.failed" && failedBeats.emit("failed");
  const log: Logger = { ...silentLogger, warn, child: () => log };
  const cluster = await startMemoryCluster({ cores: 1, log, ...options });
  onTestFinished(cluster.close);
  return Object.assign(cluster, { failedBeats });
}

function everyLink({ nodes, signaling }: MemoryCluster) {
  return [...nodes, signaling].map(({ registryLink }) => registryLink);
}

/** Resolves once each node has noticed that the registry is away. */
async function cutRegistry(cluster: WatchedCluster): Promise<void> {
  const { nodes, failedBeats } = cluster;
  let left = nodes.length;
  const noticed = new Promise<void>((resolve) => {
    failedBeats.on("failed", () => --left === 0 && resolve());
  });
  for (const link of everyLink(cluster)) link.cut();
  await noticed;
}

function restoreRegistry(cluster: MemoryCluster): void {
  for (const link of everyLink(cluster)) link.restore();
}

const ANN = { identity: "ann", ticketId: "a-ticket" };
const owner = ({ bus }: MemoryCluster, roomId: string, peer = ANN) =>
  callSubject(bus, subjects.roomOwner(roomId), "room.owner", { roomId, peer });

/** A path to the worker's program that a test can take away. */
async function linkToWorker(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-worker-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const link = join(folder, "mediasoup-worker");
  await symlink((await provideWorker()).bin, link);
  return link;
}

describe("the owner of a room", () => {
  it("answers for it as long as it is here, with what the registry would say", async () => {
    const cluster = await start({ nodes: 2 });
    const [ann] = await meet(cluster, "one");
    await ann?.command("peer.mute", { peerId: ann.peerId, source: "camera", muted: true });
    const { lease, options, mutes } = (await cluster.registry.describeRoom("one")) ?? expect.fail();
    expect(await owner(cluster, "one")).toEqual({ lease, options, mutes });
    await cluster.api("DELETE", "/v1/rooms/one");
    await expect(owner(cluster, "one")).rejects.toMatchObject({ code: "node_unreachable" });
  });

  it("can be joined through while the registry is away", async () => {
    const cluster = await start({ nodes: 2 });
    const clients = await meet(cluster, "one");
    await cutRegistry(cluster);
    const cleo = await cluster.join("one", "cleo");
    for (const client of [...clients, cleo])
      await client.until(() => client.view.peers.size === 3, "everybody");
    expect(cleo.joined.epoch).toBe(clients[0]?.joined.epoch);
    restoreRegistry(cluster);
    expect(await cluster.room("one")).toMatchObject({ peers: 3, placement: { epoch: cleo.joined.epoch } });
    expect(cluster.bugs).toEqual([]);
  });

  it("refuses who was banned: here, or long before the room was opened", async () => {
    const cluster = await start({ nodes: 1 });
    const [, bob] = await meet(cluster, "one");
    await cluster.api("DELETE", `/v1/rooms/one/peers/${bob?.peerId}`);
    await cluster.registry.updateRoom("two", { ban: { identity: "mallory", ticketId: "m" } });
    await cluster.join("two", "ann");
    const banned = { code: "banned" };
    await expect(owner(cluster, "one", { identity: "bob", ticketId: "x" })).rejects.toMatchObject(banned);
    const mallory = { identity: "mallory", ticketId: "x" };
    await expect.poll(() => owner(cluster, "two", mallory).catch(({ code }) => code)).toBe("banned");
    await expect(owner(cluster, "two", { identity: "x", ticketId: "m" })).rejects.toMatchObject(banned);
    await expect(owner(cluster, "two")).resolves.toBeDefined();
    await cutRegistry(cluster);
    await expect(cluster.join("two", "mallory")).rejects.toMatchObject(banned);
    restoreRegistry(cluster);
    await cluster.api("DELETE", "/v1/rooms/two/bans/mallory");
    await expect(owner(cluster, "two", { identity: "mallory", ticketId: "m" })).resolves.toBeDefined();
  });

  it("bans and mutes meanwhile, and tells the registry when it comes back", async () => {
    const cluster = await start({ nodes: 1 });
    const [ann, bob] = await meet(cluster, "one");
    if (!ann || !bob) return expect.fail();
    await cutRegistry(cluster);
    await ann.command("peer.mute", { peerId: ann.peerId, source: "camera", muted: true });
    await ann.command("peer.remove", { peerId: bob.peerId });
    await expect(cluster.join("one", "bob")).rejects.toMatchObject({ code: "banned" });
    restoreRegistry(cluster);
    const record = () => cluster.registry.describeRoom("one");
    await expect.poll(async () => (await record())?.bannedIdentities, { timeout: 5_000 }).toEqual(["bob"]);
    expect((await record())?.mutes).toEqual([{ identity: "ann", source: "camera" }]);
    expect(cluster.bugs).toEqual([]);
  });

  it("reads who is banned once the registry comes back, also of a room that it claimed itself", async () => {
    const cluster = await start({ nodes: 1 });
    const options = { maxPeers: 7, duplicateIdentity: "refuse" as const };
    await cluster.api("PUT", "/v1/rooms/one", options);
    await cluster.registry.updateRoom("one", { ban: { identity: "mallory" } });
    await cutRegistry(cluster);
    await cluster.join("one", "ann");
    expect((await owner(cluster, "one")).options.maxPeers).toBe(1_000);
    restoreRegistry(cluster);
    const isKnown = () =>
      owner(cluster, "one", { identity: "mallory", ticketId: "x" }).catch(({ code }) => code);
    await expect.poll(isKnown, { timeout: 5_000 }).toBe("banned");
    expect((await owner(cluster, "one")).options).toMatchObject(options);
  });
});

it("a registry that was flushed hears again who is banned, who is muted and the room's options; they hold after a move", async () => {
  const cluster = await start({ nodes: 2 });
  await cluster.api("PUT", "/v1/rooms/one", { maxPeers: 9 });
  const [ann, bob] = await meet(cluster, "one");
  if (!ann || !bob) return expect.fail();
  await ann.command("peer.mute", { peerId: ann.peerId, source: "camera", muted: true });
  await ann.command("peer.remove", { peerId: bob.peerId });
  const flushed = createMemoryRegistry();
  for (const link of everyLink(cluster)) link.leadTo(flushed);
  const record = async () => (await flushed.describeRoom("one")) ?? expect.fail("no record");
  const first = expect.poll(async () => (await record().catch(() => null))?.isPartial, { timeout: 5_000 });
  await first.toBe(false);
  const { lease, ...said } = await record();
  expect(said).toMatchObject({
    options: { maxPeers: 9 },
    bans: [{ identity: "bob", ticketIds: [expect.any(String)] }],
    mutes: [{ identity: "ann", source: "camera" }],
  });
  const home = cluster.nodes.find(({ incarnation }) => incarnation === lease?.incarnation);
  await home?.drain({ deadlineMs: 4_000 });
  expect((await record()).lease?.incarnation).not.toBe(lease?.incarnation);
  await expect(cluster.join("one", "bob")).rejects.toMatchObject({ code: "banned" });
  expect(cluster.bugs).toEqual([]);
});

it("a banned peer that came in while the registry was away is removed when it comes back", async () => {
  const cluster = await start({ nodes: 1 });
  await cluster.registry.updateRoom("one", { ban: { identity: "mallory" } });
  await cutRegistry(cluster);
  const [ann, mallory] = [await cluster.join("one", "ann"), await cluster.join("one", "mallory")];
  restoreRegistry(cluster);
  await mallory.until(() => mallory.framesOf("error").length > 0, "the end");
  expect(mallory.framesOf("error").map(({ error }) => error.code)).toEqual(["peer_removed"]);
  await ann.until(() => ann.view.peers.size === 1, "Ann alone");
  expect(cluster.bugs).toEqual([]);
});

describe("a new room while the registry is away", () => {
  it("is claimed by one node, whoever asks, and told to the registry when that comes back", async () => {
    const cluster = await start({ nodes: 2 });
    await cutRegistry(cluster);
    const beforeMs = Date.now();
    const clients = await Promise.all(["ann", "bob", "cleo"].map((name) => cluster.join("one", name)));
    for (const client of clients) await client.until(() => client.view.peers.size === 3, "everybody");
    const epochs = new Set(clients.map((client) => client.joined.epoch));
    expect(epochs.size).toBe(1);
    expect(clients[0]?.joined.epoch).toBeGreaterThanOrEqual(beforeMs);
    restoreRegistry(cluster);
    await expect
      .poll(async () => (await cluster.registry.describeRoom("one"))?.lease?.epoch, { timeout: 5_000 })
      .toBe(clients[0]?.joined.epoch);
    expect(await cluster.room("one")).toMatchObject({ peers: 3, decision: { reason: "claimed_by_node" } });
    // And it stays: the registry's word is now the node's.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await cluster.room("one")).toMatchObject({ peers: 3 });
    for (const client of clients) expect(client.framesOf("error")).toEqual([]);
    expect(cluster.bugs).toEqual([]);
  });

  it("has one owner by the registry's word, when only signaling has lost it", async () => {
    const cluster = await start({ nodes: 2 });
    const [first, second] = cluster.nodes.map(({ incarnation }) => incarnation);
    const claim = (incarnation = "") => callNode(cluster.bus, incarnation, "room.claim", { roomId: "one" });
    const [one, two] = await Promise.all([claim(first), claim(second)]);
    expect(one.lease).toEqual(two.lease);
    expect((await cluster.registry.describeRoom("one"))?.lease).toEqual(one.lease);
    cluster.signaling.registryLink.cut();
    const ann = await cluster.join("one", "ann");
    expect(ann.joined.epoch).toBe(one.lease.epoch);
    expect(cluster.bugs).toEqual([]);
  });

  it("that two nodes have claimed goes, when it comes back, to the one with most peers", async () => {
    const cluster = await start({ nodes: 2 });
    await cutRegistry(cluster);
    const [left, right] = cluster.nodes;
    if (!left || !right) return expect.fail();
    const claim = (incarnation: string) =>
      callNode(cluster.bus, incarnation, "room.claim", { roomId: "one" });
    // As when signaling processes do not hear each other's nodes.
    const few = await claim(left.incarnation);
    const many = await claim(right.incarnation);
    expect(few.lease.incarnation).not.toBe(many.lease.incarnation);
    const joinAt = async (name: string, { lease, ...room }: typeof few) => {
      const ticket = await cluster.ticket("one", name);
      return askToJoin(cluster, "one", { ticket }, { lease, debitId: "", room });
    };
    await joinAt("ann", few);
    for (const name of ["bob", "cleo", "dan"]) await joinAt(name, many);
    restoreRegistry(cluster);
    await expect.poll(() => cluster.resourcesOf("one", left), { timeout: 5_000 }).toEqual({});
    expect(cluster.resourcesOf("one", right)).toMatchObject({ router: 1, transport: 6 });
    expect(await cluster.nodeOf("one")).toBe(right);
    const { lease } = (await cluster.registry.describeRoom("one")) ?? expect.fail();
    await expect.poll(async () => (await owner(cluster, "one")).lease).toEqual(lease);
    expect(cluster.bugs).toEqual([]);
  });

  it("is refused where no core is left for it", async () => {
    const workerBin = await linkToWorker();
    const cluster = await start({ nodes: 1, workerBin, seats: {} });
    await cutRegistry(cluster);
    // A worker that dies has no successor until there is a program for one again.
    const program = await readlink(workerBin);
    await unlink(workerBin);
    const [pid] = cluster.node.workerPids();
    process.kill(pid ?? expect.fail("no worker"), "SIGKILL");
    await expect.poll(() => cluster.node.workerPids()).toEqual([null]);
    const claim = callNode(cluster.bus, cluster.node.incarnation, "room.claim", { roomId: "one" });
    await expect(claim).rejects.toMatchObject({ code: "no_capacity" });
    await symlink(program, workerBin);
    await expect.poll(() => cluster.node.workerPids(), { timeout: 5_000 }).not.toEqual([null]);
    await cluster.join("one", "ann");
    for (const bug of cluster.bugs) expect(bug).toMatchObject({ event: "worker.start_failed" });
  });
});

it("a worker that dies while the registry is away: its room comes back, on the node's own word", async () => {
  const cluster = await start({ nodes: 1, cores: 2, seats: {} });
  const clients = await meet(cluster, "one");
  const { placement } = await cluster.room("one");
  await cutRegistry(cluster);
  const pid = cluster.node.workerPids()[placement?.core ?? 0] ?? expect.fail("no worker");
  process.kill(pid, "SIGKILL");
  await Promise.all(clients.map(rejoin));
  for (const client of clients) await client.until(() => client.view.peers.size === 2, "both");
  restoreRegistry(cluster);
  const epoch = async () => (await cluster.registry.describeRoom("one"))?.lease?.epoch;
  await expect.poll(epoch, { timeout: 5_000 }).toBe(clients[0]?.joined.epoch);
  expect((await cluster.room("one")).peers).toBe(2);
  expect(cluster.bugs).toEqual([]);
});

it("a registry that comes back is told of every room that went on meanwhile", async () => {
  const cluster = await start({ nodes: 2 });
  const [old, closed] = [await meet(cluster, "old"), await cluster.join("closed", "ann")];
  await cutRegistry(cluster);
  const fresh = await meet(cluster, "fresh");
  await closed.leave();
  restoreRegistry(cluster);
  await expect.poll(async () => (await cluster.registry.describeRoom("fresh"))?.lease).toBeTruthy();
  await expectSame(cluster, "old", old);
  await expectSame(cluster, "fresh", fresh);
  expect(cluster.bugs).toEqual([]);
});
