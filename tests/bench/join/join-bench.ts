import { join } from "node:path";
import { joinFrame } from "../../support/protocol-client.ts";
import { type Child, startChild } from "../processes/ask-child.ts";
import { type RunningStandalone, startStandalone } from "../processes/start-standalone.ts";
import { quantile, rounded, summarize } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { measureFirstFrames } from "./first-frame.ts";
import { type JoinTimes, measureJoins, openRooms, requestTicket } from "./measure-joins.ts";
import { type Echo, measureSockets } from "./measure-sockets.ts";
import type { PartName, PartsTasks } from "./parts.ts";

const PARTS: PartName[] = ["busRoundTrip", "place", "transports"];
const SOCKET = "bareSocket";
const ROOMS = Array.from({ length: 10 }, (_, room) => `bench-${room}`);
const AT_ONCE = 50;
const DEFAULTS = { warmup: 100, joins: 300, bursts: 10, newRooms: 30, browser: 10 };

type Measured = { joins: JoinTimes[]; parts: Record<PartName | typeof SOCKET, number[]> };
type Setup = { server: RunningStandalone; parts: Child<PartsTasks>; echo: Echo };

/** A join over a WebSocket beside its parts alone, one at a time and 50 at once; then a browser's first frame. */
export async function runJoinBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const server = await startStandalone({ FAIRLEAD_CORES: "2" });
  const parts = startChild<PartsTasks>(join(import.meta.dirname, "parts.ts"));
  try {
    // First, while no join's debits fill the cores: they last longer than the joins of this bench do.
    const browser = await measureFirstFrames(server, counts.browser);
    const stayers = await openRooms(server, ROOMS);
    const example = await exampleOf(server);
    const { socketUrl } = await parts.ask("open", example);
    const setup = { server, parts, echo: { url: socketUrl, text: JSON.stringify(example.request) } };
    await alternate(setup, counts.warmup, 1);
    const newRooms = await joinNewRooms(server, counts.newRooms);
    const alone = await alternate(setup, counts.joins, 1);
    await alternate(setup, AT_ONCE, AT_ONCE);
    const together = await alternate(setup, counts.bursts * AT_ONCE, AT_ONCE);
    await Promise.all(stayers.map((stayer) => stayer.leave()));
    print(alone, newRooms, together, browser.firstFrameMs);
    return {
      ...resultOf(alone),
      roundTrips: browser.roundTrips,
      firstFrameP50Ms: rounded(quantile(browser.firstFrameMs, 0.5)),
      firstFrameMaxMs: rounded(quantile(browser.firstFrameMs, 1)),
      newRoomJoinP50Ms: rounded(quantile(totals(newRooms), 0.5)),
      concurrent50: resultOf(together),
    };
  } finally {
    await parts.close();
    await server.close();
  }
}

/** A join's request and reply, as on the bus. */
async function exampleOf(server: RunningStandalone): Promise<PartsTasks["open"]["input"]> {
  const ticket = await requestTicket(server, ROOMS[0] ?? "");
  const [stayer] = await openRooms(server, ROOMS.slice(0, 1));
  const reply = stayer?.joined;
  await stayer?.leave();
  return {
    request: { name: "room.join", data: { join: joinFrame({ ticket }) } },
    reply: { ok: true, data: reply },
  };
}

/**
 * Joins and parts take turns, one by one: what else the machine does meets both, and both wake processes that were idle for
 * a moment. Parts repeated in a tight loop would be faster than they ever are in a server.
 */
async function alternate({ server, parts, echo }: Setup, count: number, atOnce: number): Promise<Measured> {
  const measured: Measured = {
    joins: [],
    parts: { busRoundTrip: [], place: [], transports: [], bareSocket: [] },
  };
  while (measured.joins.length < count) {
    const rooms = Array.from({ length: atOnce }, (_, index) => roomOf(measured.joins.length + index));
    measured.joins.push(...(await measureJoins(server, rooms)));
    for (const part of PARTS) measured.parts[part].push(...(await parts.ask("measure", { part, atOnce })));
    measured.parts[SOCKET].push(...(await measureSockets(echo, atOnce)));
  }
  return measured;
}

function roomOf(turn: number): string {
  return ROOMS[turn % ROOMS.length] ?? "";
}

async function joinNewRooms(server: RunningStandalone, count: number): Promise<JoinTimes[]> {
  const times: JoinTimes[] = [];
  for (let room = 0; room < count; room++) times.push(...(await measureJoins(server, [`new-${room}`])));
  return times;
}

function totals(joins: readonly JoinTimes[]): number[] {
  return joins.map(({ total }) => total);
}

function resultOf({ joins, parts }: Measured) {
  const p50 = (samples: readonly number[]) => quantile(samples, 0.5);
  const partsP50 = PARTS.reduce((sum, part) => sum + p50(parts[part]), 0);
  const onOpenSocket = p50(joins.map((join) => join.onOpenSocket));
  return {
    joinP50Ms: rounded(p50(totals(joins))),
    joinP99Ms: rounded(quantile(totals(joins), 0.99)),
    partsP50Ms: rounded(partsP50),
    ratio: rounded(p50(totals(joins)) / partsP50),
    bareSocketP50Ms: rounded(p50(parts[SOCKET])),
    ratioWithSocket: rounded(p50(totals(joins)) / (partsP50 + p50(parts[SOCKET]))),
    onOpenSocketP50Ms: rounded(onOpenSocket),
    onOpenSocketRatio: rounded(onOpenSocket / partsP50),
  };
}

function print(alone: Measured, newRooms: JoinTimes[], together: Measured, firstFrameMs: number[]): void {
  const rows = (label: string, { joins, parts }: Measured) => ({
    [`join, ${label}`]: summarize(totals(joins)),
    [`  of it on the open socket, ${label}`]: summarize(joins.map((join) => join.onOpenSocket)),
    ...Object.fromEntries(
      [...PARTS, SOCKET].map((part) => [
        `  alone: ${part}, ${label}`,
        summarize(parts[part as keyof typeof parts]),
      ]),
    ),
  });
  console.log("Milliseconds:");
  console.table({
    ...rows("one at a time", alone),
    "join into a new room, one at a time": summarize(totals(newRooms)),
    ...rows("50 at once", together),
    "browser: click to first decoded frame": summarize(firstFrameMs),
  });
}
