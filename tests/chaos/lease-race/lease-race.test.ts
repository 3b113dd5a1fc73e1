import { join } from "node:path";
import { exportKeySet } from "@fairlead/tickets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProcessCluster, startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { Closers } from "../../support/processes/closers.ts";
import { type LogLine, type ManagedProcess, startProcess } from "../../support/processes/start-process.ts";
import { type Acceptance, countSteals, findOverlaps } from "./find-overlaps.ts";
import type { Report, Task } from "./placer.ts";

const PLACERS = 8;
const PLACES = 10_000;
const ROOMS = 500;
const PLACER_FILE = join(import.meta.dirname, "placer.ts");
/** Longer than a node lives without a heartbeat. */
const HANGS_MS = 4_000;
const BETWEEN_HANGS_MS = 1_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a room that is stolen from a node that hangs", () => {
  const closers = new Closers();
  let cluster: ProcessCluster;
  beforeAll(async () => {
    cluster = await startProcessCluster({
      name: "lease-race",
      signaling: 1,
      nodes: 4,
      cores: 3,
      // Nobody proves the peers' lives here.
      env: { FAIRLEAD_LOG_LEVEL: "debug", FAIRLEAD_GRACE_MS: "600000" },
    });
    closers.add(cluster);
  });
  afterAll(() => closers.closeAll());

  it(`is never served twice: ${PLACERS} processes, ${PLACES} placements of ${ROOMS} rooms`, async () => {
    const placers = await startPlacers();
    const isOver = () => placers.every(({ log }) => log.some(({ msg }) => msg === "placer.done"));
    let hangs = 0;
    for (; !isOver(); hangs++) await hang(hangs);

    const reports = placers.map(
      ({ log }) => log.find(({ msg }) => msg === "placer.done") as Report & LogLine,
    );
    const acceptances = cluster.nodes.flatMap(acceptancesOf);
    expect(hangs).toBeGreaterThan(3);
    expect(sum(reports.map(({ places }) => places))).toBeGreaterThanOrEqual(PLACES);
    expect(acceptances.length).toBeGreaterThan(1_000);
    expect(countSteals(acceptances)).toBeGreaterThan(100);
    expect(findOverlaps(acceptances)).toEqual([]);
    // And it ends as it should: every room has one lease, and one node serves it.
    const leases = async () => (await cluster.rooms()).filter(({ placement }) => placement !== null).length;
    const served = async () =>
      sum((await cluster.listNodes()).flatMap(({ cores }) => cores.map(({ rooms }) => rooms)));
    await expect.poll(async () => (await served()) - (await leases()), { timeout: 20_000 }).toBe(0);
  });

  it("would be found by this test, were it served twice", () => {
    const at = (nodeId: string, epoch: number, atMs: number) => ({ roomId: "r", nodeId, epoch, atMs });
    const handed = [at("a", 1, 10), at("a", 1, 20), at("b", 2, 20), at("b", 2, 30)];
    expect(findOverlaps(handed)).toEqual([]);
    expect(countSteals(handed)).toBe(1);
    expect(findOverlaps([...handed, at("a", 1, 21)])).toEqual([
      { roomId: "r", earlier: at("b", 2, 20), later: at("a", 1, 21) },
    ]);
  });

  async function startPlacers(): Promise<ManagedProcess[]> {
    const rooms = Array.from({ length: ROOMS }, (_, index) => `race-${index}`);
    const { nats, redis, ticketKeys, logFolder } = cluster;
    const shared = {
      rooms,
      redisUrl: redis.url,
      ticketKeys: await exportKeySet(ticketKeys),
      nats: { servers: [nats.tcpUrl], ...nats.users.signaling },
      places: PLACES / PLACERS,
    };
    const starts = Array.from({ length: PLACERS }, async (_, number) => {
      const ownRooms = rooms.filter((_, index) => index % PLACERS === number);
      const placer = await startProcess({
        name: `placer-${number + 1}`,
        command: [process.execPath, "--experimental-strip-types", PLACER_FILE],
        env: {
          ...(process.env as Record<string, string>),
          PLACER_TASK: JSON.stringify({ ...shared, ownRooms } satisfies Task),
        },
        readyEvent: "placer.ready",
        logFile: join(logFolder, `placer-${number + 1}.log`),
      });
      closers.add(placer);
      return placer;
    });
    return Promise.all(starts);
  }

  /** One node after the other, with and without its workers. */
  async function hang(number: number): Promise<void> {
    const node = cluster.nodes[number % cluster.nodes.length];
    const signal = (name: NodeJS.Signals) => (number % 2 === 0 ? node?.kill(name) : node?.signalGroup(name));
    await signal("SIGSTOP");
    await pause(HANGS_MS);
    await signal("SIGCONT");
    await pause(BETWEEN_HANGS_MS);
  }
});

function acceptancesOf({ name, log }: ManagedProcess): Acceptance[] {
  return log
    .filter(({ msg }) => msg === "command.answered" || msg === "join.accepted")
    .map(({ roomId, epoch, atMs }) => ({
      nodeId: name,
      roomId: String(roomId),
      epoch: Number(epoch),
      atMs: Number(atMs),
    }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
