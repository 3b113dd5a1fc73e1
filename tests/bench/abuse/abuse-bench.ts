import { setPriority } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ProcessCluster, startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { ProtocolClient } from "../../support/protocol-client.ts";
import { rtpParameters } from "../../support/rtp-parameters.ts";
import { startChild } from "../processes/ask-child.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { cpuMsOf } from "../signaling/process-cost.ts";
import type { AttackerTasks, AttackKind } from "./attacker.ts";
import type { CrowdTasks } from "./crowd.ts";
import { FLOODS } from "./floods.ts";

const DEFAULTS = { pairs: 5, commands: 5_000, publishers: 24, intervalMs: 4 };
type Counts = typeof DEFAULTS;

/** Joins come last: they use up what their address may, which all clients here share. */
const KINDS = [...Object.keys(FLOODS), "acknowledgement", "resume", "join"] as AttackKind[];
/** A command may wait for as much as this on a machine that is idle. */
const BASE_MS = 5;
const LISTENERS = 15;
const WARM_UP = 500;
const SETTLE_MS = 1_000;
/** The attack has begun. */
const HEAD_START_MS = 1_500;
const NICE = 10;

/** `…Cpu`: what the process used of a core meanwhile, without and with the attack. */
type Round = Record<
  "baseMs" | "attackedMs" | "sent" | "refused" | "baseNodeCpu" | "nodeCpu" | "signalingCpu",
  number
>;

/** One peer with one ticket does its worst; in another room of the same node, commands are timed meanwhile. */
export async function runAbuseBench(args: string[]): Promise<Record<string, unknown>> {
  const { kinds, counts } = readOptions(args);
  const cluster = await startProcessCluster({ name: "bench-abuse", signaling: 1, nodes: 1, cores: 1 });
  const crowd = startChild<CrowdTasks>(join(import.meta.dirname, "crowd.ts"));
  const attacker = startChild<AttackerTasks>(join(import.meta.dirname, "attacker.ts"));
  setPriority(attacker.pid, NICE);
  try {
    // Past the balancer, which is this process and would be measured too.
    const url = cluster.signalings[0]?.url ?? "";
    const room = cluster.newRoom();
    const names = Array.from({ length: counts.publishers }, (_, index) => `publisher-${index}`);
    const tickets = await Promise.all(names.map((name) => cluster.ticket(room, name)));
    await crowd.ask("gather", { url, tickets });
    const ticket = await cluster.ticket(room, "mallory");
    const ask = await openMeasuredRoom(cluster, url);
    await timeCommands(ask, WARM_UP, counts);
    const attack = (kind: AttackKind, ms: number) => attacker.ask("attack", { url, ticket, kind, ms });
    const pids = { node: cluster.nodes[0]?.pid() ?? 0, signaling: cluster.signalings[0]?.pid() ?? 0 };
    return report(cluster, await measureAll({ ask, attack, pids }, kinds, counts));
  } finally {
    await Promise.all([crowd.close(), attacker.close()]);
    await cluster.close();
  }
}

/** `--kinds A,B` measures some of them. */
function readOptions(args: string[]): { kinds: readonly AttackKind[]; counts: Counts } {
  const at = args.indexOf("--kinds");
  if (at === -1) return { kinds: KINDS, counts: readCounts(args, DEFAULTS) };
  const asked = (args[at + 1] ?? "").split(",");
  const unknown = asked.find((kind) => !KINDS.some((known) => known === kind));
  if (unknown !== undefined) throw new Error(`--kinds ${unknown}: some of ${KINDS.join(",")} are wanted`);
  const kinds = KINDS.filter((kind) => asked.includes(kind));
  return { kinds, counts: readCounts(args.toSpliced(at, 2), DEFAULTS) };
}

type Ask = (turn: number) => Promise<unknown>;
type Parties = {
  ask: Ask;
  pids: Record<"node" | "signaling", number>;
  attack: (kind: AttackKind, ms: number) => Promise<{ sent: number; refused: number }>;
};

/** A room of one speaker and its listeners, who choose layers in turn: a command goes to the worker and back. */
async function openMeasuredRoom(cluster: ProcessCluster, url: string): Promise<Ask> {
  const room = cluster.newRoom();
  const enter = async (name: string) =>
    ProtocolClient.join(url, { ticket: await cluster.ticket(room, name) });
  const speaker = await enter("speaker");
  const listeners = await Promise.all(Array.from({ length: LISTENERS }, (_, index) => enter(`l-${index}`)));
  await speaker.command("producer.create", {
    kind: "video",
    source: "camera",
    rtpParameters: rtpParameters("vp8", { rids: ["a", "b", "c"] }),
  });
  for (const listener of listeners)
    await listener.until(() => listener.view.consumers.size === 1, "a consumer");
  const pings = setInterval(() => speaker.send({ type: "ping" }), 5_000);
  pings.unref();
  return (turn) => {
    const listener = listeners[turn % LISTENERS];
    const [consumerId = ""] = listener?.view.consumers.keys() ?? [];
    const spatialLayer = Math.floor(turn / LISTENERS) % 3;
    return (
      listener?.command("consumer.set_preferred_layers", { consumerId, spatialLayer }) ?? Promise.resolve()
    );
  };
}

async function measureAll(
  { ask, attack, pids }: Parties,
  kinds: readonly AttackKind[],
  counts: Counts,
): Promise<Map<AttackKind, Round[]>> {
  const rounds = new Map<AttackKind, Round[]>(kinds.map((kind) => [kind, []]));
  const attackMs = HEAD_START_MS + counts.commands * counts.intervalMs;
  for (let pair = 0; pair < counts.pairs; pair += 1)
    for (const kind of kinds) {
      await delay(SETTLE_MS);
      const base = await cpuSharesDuring(pids, () => timeCommands(ask, counts.commands, counts));
      const attacked = attack(kind, attackMs);
      await delay(HEAD_START_MS);
      const under = await cpuSharesDuring(pids, () => timeCommands(ask, counts.commands, counts));
      rounds.get(kind)?.push({
        baseMs: base.result,
        attackedMs: under.result,
        baseNodeCpu: base.node,
        nodeCpu: under.node,
        signalingCpu: under.signaling,
        ...(await attacked),
      });
    }
  return rounds;
}

/** What each process used of a core while `act` went on, 0..1. */
async function cpuSharesDuring<T>(pids: Record<"node" | "signaling", number>, act: () => Promise<T>) {
  const read = () => Promise.all([cpuMsOf(pids.node), cpuMsOf(pids.signaling)]);
  const startMs = performance.now();
  const [node, signaling] = await read();
  const result = await act();
  const [nodeAfter, signalingAfter] = await read();
  const tookMs = performance.now() - startMs;
  return { result, node: (nodeAfter - node) / tookMs, signaling: (signalingAfter - signaling) / tookMs };
}

/** Sent at their time, however late the replies are: a standstill delays all that fall into it. @returns p99, ms. */
async function timeCommands(ask: Ask, commands: number, { intervalMs }: Counts): Promise<number> {
  const startMs = performance.now();
  const timed: Promise<number>[] = [];
  for (let turn = 0; turn < commands; turn += 1) {
    const dueMs = startMs + turn * intervalMs;
    const earlyMs = dueMs - performance.now();
    if (earlyMs > 0) await delay(earlyMs);
    timed.push(ask(turn).then(() => performance.now() - Math.max(dueMs, startMs)));
  }
  return quantile(await Promise.all(timed), 0.99);
}

function report(cluster: ProcessCluster, rounds: ReadonlyMap<AttackKind, Round[]>): Record<string, unknown> {
  const median = (of: readonly number[]) => rounded(quantile(of, 0.5));
  const rows = [...rounds].map(([kind, all]) => [
    kind,
    {
      p99Ms: median(all.map(({ baseMs }) => baseMs)),
      attackedP99Ms: median(all.map(({ attackedMs }) => attackedMs)),
      ratio: median(all.map(({ baseMs, attackedMs }) => attackedMs / Math.max(BASE_MS, baseMs))),
      baseNodeCpu: median(all.map(({ baseNodeCpu }) => baseNodeCpu)),
      nodeCpu: median(all.map(({ nodeCpu }) => nodeCpu)),
      signalingCpu: median(all.map(({ signalingCpu }) => signalingCpu)),
      sent: median(all.map(({ sent }) => sent)),
      refused: median(all.map(({ refused }) => refused)),
    },
  ]);
  const table: Record<string, { ratio: number }> = Object.fromEntries(rows);
  console.log("Round trips of commands in another room of the same node, without and with an attack:");
  console.table(table);
  const logged = (name: string) =>
    cluster.nodes.reduce((sum, { log }) => sum + log.filter(({ msg }) => msg === name).length, 0);
  return {
    kinds: Object.fromEntries(
      Object.entries(table).map(([kind, { ratio }]) => [kind, { roundTripP99Ratio: ratio }]),
    ),
    workersKilled: logged("worker.died"),
    roomsMoved: logged("room.moved"),
  };
}
