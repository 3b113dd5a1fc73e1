import { join } from "node:path";
import type { Heartbeat, Lease } from "@fairlead/protocol";
import type { HeartbeatReply, Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkOut, hasCommit } from "../support/build-of-commit.ts";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { givenClock } from "./given-clock.ts";
import { PATIENT } from "./redis-adapter.ts";
import { beatOf, nodesOf, placePeer, roomOptions, serving } from "./registry-adapter.ts";
import { broadcastRecord } from "./registry-contract-broadcasts.ts";
import { liveBeatOf } from "./registry-contract-lives.ts";
import { tellLeases } from "./telling-leases.ts";

/** The build before keys and fields were added: upgrades go one process at a time, in any order, on the same Redis. */
const FORMER = "d8ca027";
const LEASES = 1_000;
/** Of a node that is buried and comes back. */
const ROOMS = 200;
/** So many that the former build refuses none for what rooms may grow by. */
const CORES = Array.from({ length: 32 }, () => ({}));
const BUILDS = ["former", "this"] as const;
type Build = (typeof BUILDS)[number];
type Connect = typeof connectRedisRegistry;

// A shallow clone has no former build: that must not pass for a proof where everything is to be proved.
const isKnown = hasCommit(FORMER);
it.runIf(!isKnown && process.env.CI)("the history holds the former build", () => expect(isKnown).toBe(true));
if (!isKnown) console.warn(`two builds on one Redis are not tested: this clone has no commit ${FORMER}`);

/** Unpacks and compiles another build, and lives through thousands of calls. */
const PATIENCE_MS = 120_000;

describe.runIf(isKnown)("two builds on one Redis", { timeout: PATIENCE_MS }, () => {
  let server: RedisServer;
  let former: ReturnType<typeof checkOut>;
  const connects = new Map<Build, Connect>([["this", connectRedisRegistry]]);
  beforeAll(async () => {
    server = await startRedis();
    former = checkOut(FORMER);
    const module = await import(join(former.root, "packages/registry/src/redis/redis-registry.ts"));
    connects.set("former", module.connectRedisRegistry);
  }, PATIENCE_MS);
  afterAll(async () => {
    former?.remove();
    await server?.close();
  });

  /** Registries of both builds, on keys of their own. */
  const open = async (prefix: string) => {
    const clock = givenClock();
    const options = { url: server.url, prefix, now: clock.told, policy: { coldMs: 0 }, ...PATIENT };
    const [a, b] = await Promise.all(BUILDS.map((build) => (connects.get(build) as Connect)(options)));
    return { former: a as Registry, this: b as Registry, clock };
  };

  const pairs = BUILDS.flatMap((signaling) => BUILDS.map((node) => [signaling, node] as const));
  it.each(pairs)(
    `signaling of %s build, nodes of %s: ${LEASES} leases, a burial`,
    async (signaling, node) => {
      const cluster = await open(`${signaling}-${node}`);
      const [places, beats] = [cluster[signaling], cluster[node]];
      const served = new Map<string, Lease[]>([
        ["a", []],
        ["b", []],
      ]);
      const beat = async (nodeId: string, settledDebits: string[] = []) => {
        const leases = served.get(nodeId) ?? [];
        const reply = await beats.heartbeat(
          beatOf(nodeId, {
            cores: CORES,
            settledDebits,
            leases: serving(leases, { named: leases.slice(-50) }),
          }),
        );
        return reply;
      };
      const debits: string[] = [];
      const epochs = new Map<string, number[]>();
      await Promise.all(["a", "b"].map((nodeId) => beat(nodeId)));
      for (let index = 0; index < LEASES; index += 1) {
        const { lease, debitId } = await placePeer(places, `room-${index}`);
        served.get(lease.nodeId)?.push(lease);
        debits.push(debitId);
        epochs.set(lease.roomId, [lease.epoch]);
        if (index % 25 !== 24) continue;
        await cluster.clock.advance(500);
        const settled = debits.splice(0);
        expect(isAgreed(await beat("a", settled))).toBe(true);
        expect(isAgreed(await beat("b", settled))).toBe(true);
      }
      // Node b dies; a inherits all of its rooms, asking by the other build as well.
      const orphaned = new Set(served.get("b")?.map(({ roomId }) => roomId));
      const heirs = [places, cluster[signaling === "this" ? "former" : "this"]];
      for (let turn = 0; orphaned.size > 0 && turn < 60; turn += 1) {
        await cluster.clock.advance(500);
        const { orphans } = await beat("a");
        for (const [index, { roomId }] of orphans.entries()) {
          const { lease } = await (heirs[index % 2] as Registry).place({ roomId });
          expect(lease.nodeId).toBe("a");
          orphaned.delete(roomId);
          epochs.get(roomId)?.push(lease.epoch);
          served.get("a")?.push(lease);
        }
      }
      expect([...orphaned]).toEqual([]);
      expect(served.get("a")).toHaveLength(LEASES);
      const rising = [...epochs.values()].every(
        ([first = 0, second]) => second === undefined || second > first,
      );
      expect(rising).toBe(true);
      await cluster.clock.advance(500);
      expect(isAgreed(await beat("a"))).toBe(true);
      // What was reserved is counted anew by each build, and ends.
      await cluster.clock.advance(125_000);
      for (const build of BUILDS) {
        await beat("a");
        const [known] = await nodesOf(cluster[build]);
        expect(known?.cores.filter(({ debit }) => debit > 0)).toEqual([]);
      }
      await Promise.all(BUILDS.map((build) => cluster[build].close()));
    },
  );

  it("beats stay as they are while a node of the former build beats, and grow rarer once it is gone", async () => {
    const many = { fewNodes: 1, manyNodes: 3 };
    const cluster = await open("interval");
    const knowing = await connectRedisRegistry({
      ...{ url: server.url, prefix: "interval", now: cluster.clock.told },
      ...{ policy: { coldMs: 0, ...many }, ...PATIENT },
    });
    const interval = async () => {
      const beats = ["a", "b", "a", "b"].map((nodeId) =>
        beatOf(nodeId, { leases: serving([], { isComplete: true }) }),
      );
      const told: number[] = [];
      for (const beat of beats) told.push((await knowing.heartbeat(beat)).intervalMs);
      return told.at(-1);
    };
    await cluster.former.heartbeat(beatOf("c"));
    expect(await interval()).toBe(500);
    await cluster.former.removeNode("c-run-1");
    expect(await interval()).toBe(750);
    // One that the former build buries leaves its entry behind, which must not stand for another.
    await cluster.former.removeNode("b-run-1");
    await cluster.former.heartbeat(beatOf("c"));
    await interval();
    expect(await interval()).toBe(500);
    await Promise.all(
      [knowing, ...BUILDS.map((build) => cluster[build])].map((registry) => registry.close()),
    );
  });

  it("a process that takes RTMP in is no node to the former build: it is given no room, inherits none, and stays where nodes are buried", async () => {
    const cluster = await open("lives");
    const beat = () => cluster.this.beatLive(liveBeatOf("live-1"));
    await cluster.former.heartbeat(beatOf("a"));
    await beat();
    for (let room = 0; room < 20; room += 1)
      expect((await cluster.former.place({ roomId: `room-${room}` })).lease.nodeId).toBe("a");
    expect((await nodesOf(cluster.former)).map(({ nodeId }) => nodeId)).toEqual(["a"]);
    let orphans = 0;
    for (let step = 0; step < 10; step += 1) {
      await cluster.clock.advance(500);
      await beat();
      const reply = await cluster.former.heartbeat(beatOf("b"));
      expect(reply.late.map(({ incarnation }) => incarnation)).not.toContain("live-1-run-1");
      orphans += reply.orphans.length;
    }
    expect(orphans).toBeGreaterThanOrEqual(20);
    expect((await cluster.this.listLives({ limit: 9 })).items).toHaveLength(1);
    await Promise.all(BUILDS.map((build) => cluster[build].close()));
  });

  it("groups are not told while a node of the former build beats; one that this build buried, or that did, leaves their sums", async () => {
    const cluster = await open("groups");
    const beat = (build: Build, nodeId: string) =>
      cluster[build].heartbeat(beatOf(nodeId, { cores: [{ cpuLoad: 0.4, lingeringLoad: 0.1 }] }));
    const demand = async () => (await cluster.this.listGroups()).map(({ demandCores }) => demandCores);
    const cold = { code: "registry_cold" };
    await beat("this", "a");
    await beat("this", "b");
    expect(await demand()).toEqual([0.6]);
    // As many are heard as have told their shares, but not the same.
    await beat("former", "z");
    await cluster.former.removeNode("b-run-1");
    await expect(demand()).rejects.toMatchObject(cold);
    await cluster.this.removeNode("z-run-1");
    expect(await demand()).toEqual([0.3]);
    await beat("this", "b");
    await cluster.former.removeNode("a-run-1");
    await cluster.former.removeNode("b-run-1");
    await expect(demand()).rejects.toMatchObject(cold);
    expect(await server.command("KEYS {groups}:*share*")).toMatch(/^\*0/);
    await Promise.all(BUILDS.map((build) => cluster[build].close()));
  });

  it("a room that moved keeps no more reserved for it than a new one where the former build takes its peers", async () => {
    const cluster = await open("moved");
    const beat = (nodeId: string, leases: Lease[] = []) =>
      cluster.this.heartbeat(beatOf(nodeId, { cores: CORES, leases: serving(leases) }));
    await beat("a");
    const { lease } = await cluster.this.place({ roomId: "room" });
    await beat("a", [lease]);
    await beat("b");
    const exclude = CORES.map((_, core) => ({ nodeId: "a", incarnation: "a-run-1", core }));
    const moved = await cluster.this.place({ roomId: "room", supersedes: lease, exclude, movedLoad: 0.2 });
    const debits = async () =>
      (await nodesOf(cluster.this))
        .flatMap(({ cores }) => cores.map(({ debit }) => debit))
        .filter((debit) => debit > 0);
    expect(await debits()).toEqual([0.2]);
    await placePeer(cluster.former, "room");
    await placePeer(cluster.this, "room");
    expect(Math.max(...(await debits()))).toBeLessThanOrEqual(0.208);
    await cluster.clock.advance(121_000);
    await beat("b", [moved.lease]);
    expect(await debits()).toEqual([]);
    await Promise.all(BUILDS.map((build) => cluster[build].close()));
  });

  it("after a rollback nobody digs a grave: the former build places its rooms when somebody asks for them", async () => {
    const cluster = await open("rollback");
    const heirs = beatOf("a", { cores: CORES });
    await cluster.this.heartbeat(beatOf("b", { cores: CORES }));
    const leases: Lease[] = [];
    for (let room = 0; room < ROOMS; room += 1)
      leases.push((await cluster.this.place({ roomId: `room-${room}` })).lease);
    await cluster.this.updateRoom("room-199", { ban: { identity: "mallory" } });
    await cluster.this.heartbeat(beatOf("b", { cores: CORES, leases: serving(leases) }));
    for (let beat = 0; beat < 7; beat += 1) {
      await cluster.clock.advance(500);
      await cluster.former.heartbeat(heirs);
    }
    // Node b says goodbye to this build, whose last process ends before it has dug anything out.
    await cluster.this.removeNode("b-run-1");
    for (const { roomId, epoch } of leases) {
      const { lease } = await cluster.former.place({ roomId });
      expect(lease.nodeId).toBe("a");
      expect(lease.epoch).toBeGreaterThan(epoch);
    }
    await expect(
      placePeer(cluster.former, "room-199", { peer: { identity: "mallory", ticketId: "any" } }),
    ).rejects.toMatchObject({ code: "banned" });
    // Where this build comes again, it digs and passes over them.
    expect((await cluster.this.heartbeat(heirs)).orphans).toEqual([]);
    await Promise.all(BUILDS.map((build) => cluster[build].close()));
  });

  it("a broadcast outlives what the former build does with its room, until that drops it 30 days after its last lease", async () => {
    const cluster = await open("broadcast");
    const { registry, day } = { registry: cluster.this, day: 24 * 3_600_000 };
    const options = roomOptions({ kind: "broadcast" });
    const startsAtMs = cluster.clock.now() + 60 * day;
    const written = broadcastRecord({ startsAtMs });
    for (const roomId of ["show", "other"])
      await registry.updateRoom(roomId, { options, broadcast: { write: written, ifRevision: null } });
    const listed = async () =>
      (await registry.listBroadcasts({ limit: 9, state: "created" })).items.map(({ roomId }) => roomId);
    const say = (build: Build) => cluster[build].updateRoom("another", { ban: { identity: "eve" } });
    await cluster.former.heartbeat(beatOf("a", { cores: CORES }));
    const { lease, room } = await cluster.former.place({ roomId: "show" });
    expect(room.options.kind).toBe("broadcast");
    await cluster.former.updateRoom("show", { ban: { identity: "mallory" } });
    await cluster.former.heartbeat(beatOf("a", { cores: CORES, leases: serving([lease]) }));
    await cluster.former.removeNode("a-run-1");
    await cluster.former.heartbeat(beatOf("b", { cores: CORES }));
    const heir = (await cluster.former.place({ roomId: "show" })).lease;
    await cluster.former.release(heir);
    const after = { broadcast: written, bannedIdentities: ["mallory"], options };
    expect(await registry.describeRoom("show")).toMatchObject(after);
    // The former build has written that it is kept from now on. This one knows better, and puts it right.
    await cluster.clock.advance(31 * day);
    await say("this");
    expect(await listed()).toEqual(["other", "show"]);
    await say("former");
    expect(await registry.describeRoom("show")).toMatchObject(after);
    // It drops what was due, and leaves it in the lists, which pass it over.
    await cluster.clock.advance(60 * day);
    await say("former");
    expect(await listed()).toEqual([]);
    expect(await server.command("ZCARD {broadcast}:broadcasts:created")).toMatch(/^:0/);
    await Promise.all(BUILDS.map((build) => cluster[build].close()));
  });

  it.each(pairs)(
    "a node of %s build that %s build buried keeps what nobody took, hears of the rest, and nothing is left of its grave",
    async (owner, heir) => {
      const cluster = await open(`grave-${owner}-${heir}`);
      const mine = beatOf("b", { cores: CORES });
      const heirs = beatOf("a", { cores: CORES });
      await cluster[owner].heartbeat(mine);
      const leases: Lease[] = [];
      for (let room = 0; room < ROOMS; room += 1)
        leases.push((await cluster[heir].place({ roomId: `room-${room}` })).lease);
      expect(isAgreed(await cluster[owner].heartbeat({ ...mine, leases: serving(leases) }))).toBe(true);
      for (let beat = 0; beat < 7; beat += 1) {
        await cluster.clock.advance(500);
        await cluster[heir].heartbeat(heirs);
      }
      const taken = new Map<string, Lease>();
      for (const { roomId } of leases.slice(0, 20)) {
        const { lease } = await cluster[owner].place({ roomId });
        expect(lease).toMatchObject({ nodeId: "a" });
        taken.set(roomId, lease);
      }
      const lost = await tellAll(cluster[owner], owner, mine, leases);
      expect(new Set(lost.map(({ roomId }) => roomId))).toEqual(new Set(taken.keys()));
      const kept = leases.filter(({ roomId }) => !taken.has(roomId));
      await tellAll(cluster[owner], owner, mine, kept);
      // Orphans that are its own again are passed over, and its grave is dug to its end.
      for (let beat = 0; beat < 20; beat += 1) {
        const { orphans } = await cluster.this.heartbeat({
          ...heirs,
          leases: serving([...taken.values()]),
        });
        expect(orphans).toEqual([]);
      }
      for (const lease of kept)
        expect((await cluster[heir].describeRoom(lease.roomId))?.lease).toEqual(lease);
      const quiet = { ...mine, leases: serving(kept, { named: [] }) };
      expect(isAgreed(await cluster[owner].heartbeat(quiet))).toBe(true);
      expect(await server.command(`EXISTS {grave-${owner}-${heir}}:graves`)).toMatch(/^:0/);
      await Promise.all(BUILDS.map((build) => cluster[build].close()));
    },
  );
});

/** Whether node and registry mean the same leases, in the words of either build. */
function isAgreed(reply: HeartbeatReply & { needsAllLeases?: boolean }): boolean {
  return reply.lost.length === 0 && !(reply.needsAllLeases ?? reply.leasesDiffer);
}

/** As a node of that build does. @returns Leases of others that it hears of. */
async function tellAll(registry: Registry, build: Build, beat: Heartbeat, leases: Lease[]): Promise<Lease[]> {
  if (build === "this") {
    const { replies } = await tellLeases(registry, beat, leases);
    return replies.flatMap(({ lost }) => lost);
  }
  const all = { ...serving(leases), isComplete: true };
  return (await registry.heartbeat({ ...beat, leases: all })).lost;
}
