import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { DEFAULT_POLICY } from "@fairlead/registry/placement";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { composeScript } from "@fairlead/registry/scripts";
import { answerParent } from "../processes/ask-child.ts";
import { FakeNode, type Opened } from "./fake-node.ts";

/** In which all nodes begin to beat. */
const START_OVER_MS = 5_000;
/** Each node names all that it has so often, and hears how often to beat; twice at the start, for the first hear it before all are there. */
const NAMES_ALL_EVERY_MS = 60_000;
const FIRST_NAMES_ALL = 2;
/** How long a room is served before its node closes it. */
const ROOM_MS = 10_000;
const SLEEP = new Int32Array(new SharedArrayBuffer(4));
const SLEEP_MS = 0.1;
const STEP_LIMIT_MS = 1;
const KEY_PREFIX = "{fairlead}:";
const TIME_DIGITS = 13;

export type NodesTasks = {
  start: { input: { port: number; nodes: number; cores: number; connections: number }; output: null };
  /** Rooms that were placed on some of them. */
  open: { input: Opened[]; output: null };
  /** Since it was asked last. */
  count: { input: null; output: typeof period };
};

/**
 * Nodes that beat at their real rate, evenly over time, as bytes made beforehand: one process then beats for thousands. They do what
 * placements ask of them: name the rooms they open, settle their debits, and close them after a while.
 */
let nodes: FakeNode[] = [];
let sockets: Socket[] = [];
const byIncarnation = new Map<string, FakeNode>();
const NOTHING = {
  sent: 0,
  answered: 0,
  errors: 0,
  /** Not sent, as the one before was not answered. */ held: 0,
};
const total = { ...NOTHING };
let period = { ...NOTHING, mostBehind: 0 };
let beatEveryMs = DEFAULT_POLICY.beatMs;
/** How often all nodes have named all that they have since the start. */
let roundsOfAll = 0;
let clockOffsetMs = 0;
let release: (opened: Opened) => Promise<unknown> = async () => {};

answerParent({
  start: async ({ port, nodes: count, cores, connections }: NodesTasks["start"]["input"]) => {
    const text = composeScript("heartbeat", DEFAULT_POLICY);
    const encode = await loadScript(port, text);
    nodes = Array.from({ length: count }, (_, index) => new FakeNode(index, cores, encode));
    for (const node of nodes) byIncarnation.set(node.incarnation, node);
    sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
    const registry = await connectRedisRegistry({ url: `redis://127.0.0.1:${port}`, timeoutMs: 10_000 });
    release = ({ lease }) => registry.release(lease);
    beat(0, performance.now());
    setTimeout(slowDown, START_OVER_MS + 2 * beatEveryMs);
    return null;
  },
  open: (rooms: NodesTasks["open"]["input"]) => {
    for (const opened of rooms) openRoom(opened);
    return null;
  },
  count: () => {
    const counted = period;
    period = { ...NOTHING, mostBehind: 0 };
    return counted;
  },
});

function openRoom(opened: Opened): void {
  const { incarnation, roomId } = opened.lease;
  const node = byIncarnation.get(incarnation);
  if (!node) return;
  node.open(opened);
  setTimeout(() => {
    node.close(roomId);
    release(opened).catch(() => count("errors"));
  }, ROOM_MS);
}

/** All nodes name what they have, until they were told how often they are to beat; that is how often they do from then on. */
function slowDown(): void {
  roundsOfAll += 1;
  if (roundsOfAll <= FIRST_NAMES_ALL) {
    setTimeout(slowDown, 2 * beatEveryMs);
    return;
  }
  const { beatMs, longestBeatMs, fewNodes, manyNodes } = DEFAULT_POLICY;
  const growth = ((nodes.length - fewNodes) * (longestBeatMs - beatMs)) / (manyNodes - fewNodes);
  beatEveryMs = Math.min(longestBeatMs, beatMs + Math.max(0, Math.floor(growth)));
}

/**
 * Each node as often as it is told, all of them evenly spread, each at its own moment: as thousands of processes would that know nothing of each
 * other. At first only some, and more and more. It sleeps for less than a timer's millisecond, and what it missed while this
 * process stood still it does not make up at once: both would be bursts that no real nodes make.
 */
function beat(place: number, lastMs: number): void {
  const nowMs = performance.now();
  const passedMs = Math.min(nowMs - lastMs, STEP_LIMIT_MS);
  const next = place + (passedMs / beatEveryMs) * nodes.length;
  const there = (next / nodes.length) * (beatEveryMs / START_OVER_MS) * nodes.length;
  const time = String(Math.floor(nowMs + clockOffsetMs));
  for (let turn = Math.ceil(place); turn < next; turn += 1)
    if (orderOf(turn % nodes.length) < there) send(turn, time);
  period.mostBehind = Math.max(period.mostBehind, total.sent - total.answered);
  Atomics.wait(SLEEP, 0, 0, SLEEP_MS);
  setImmediate(beat, next, nowMs);
}

/** Which of the nodes is the how-manieth to begin: neighbours in time begin at different times. */
function orderOf(index: number): number {
  return (index * 7_919) % nodes.length;
}

/** @param turn The how-manieth of all beats since the start. */
function send(turn: number, now: string): void {
  const index = turn % nodes.length;
  const node = nodes[index];
  const socket = sockets[index % sockets.length];
  if (!node || !socket) return;
  if (node.isWaiting) {
    count("held");
    return;
  }
  const command = node.nextBeat(namesAll(turn));
  command.write(now, TIME_AT, "latin1");
  node.isWaiting = true;
  waitingOn.get(socket)?.push(node);
  socket.write(command);
  count("sent");
}

function namesAll(turn: number): boolean {
  if (roundsOfAll > 0 && roundsOfAll <= FIRST_NAMES_ALL) return true;
  const every = NAMES_ALL_EVERY_MS / beatEveryMs;
  return Math.floor(turn / nodes.length) % every === turn % every;
}

function count(what: keyof typeof total, by = 1): void {
  total[what] += by;
  period[what] += by;
}

/** Where the time stands in each command: `header` is the same for all, for its parts are equally long. */
let TIME_AT = 0;

/** @returns Makes commands of the script's arguments, with room for the time before them. */
async function loadScript(port: number, text: string): Promise<(args: readonly string[]) => Buffer> {
  const socket = connect(port, "127.0.0.1");
  await ask(socket, encodeCommand(["SCRIPT", "LOAD", text]));
  const [seconds = "0", micros = "0"] = (await ask(socket, encodeCommand(["TIME"]))).match(/\d{5,}/g) ?? [];
  clockOffsetMs = Number(seconds) * 1_000 + Number(micros) / 1_000 - performance.now();
  socket.destroy();
  const sha = createHash("sha1").update(text).digest("hex");
  const time = "0".repeat(TIME_DIGITS);
  return (args) => {
    const command = encodeCommand(["EVALSHA", sha, "1", KEY_PREFIX, time, ...args]);
    TIME_AT = command.indexOf(`\r\n${time}\r\n`) + 2;
    return command;
  };
}

/** RESP: an array of bulk strings. */
function encodeCommand(parts: readonly string[]): Buffer {
  const encoded = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return Buffer.from(`*${parts.length}\r\n${encoded.join("")}`);
}

async function ask(socket: Socket, command: Buffer): Promise<string> {
  socket.write(command);
  const [answer] = await once(socket, "data");
  return String(answer);
}

/** Reads into one buffer for all: thousands of small ones in a second would be collected again and again. */
const INCOMING = Buffer.alloc(65_536);

/** Those that wait for an answer, in the order in which they asked. */
const waitingOn = new Map<Socket, FakeNode[]>();

async function open(port: number): Promise<Socket> {
  const waiting: FakeNode[] = [];
  const onread = { buffer: INCOMING, callback: (length: number) => countAnswers(waiting, length) };
  const socket = connect({ port, host: "127.0.0.1", onread }).setNoDelay(true);
  waitingOn.set(socket, waiting);
  await once(socket, "connect");
  return socket;
}

/** Each answer is one list, and nothing in it contains a star; or one error, which comes alone. */
function countAnswers(waiting: FakeNode[], length: number): true {
  const answered = () => {
    const node = waiting.shift();
    if (node) node.isWaiting = false;
    count("answered");
  };
  if (INCOMING[0] === 0x2d) {
    count("errors");
    answered();
  }
  for (let at = INCOMING.indexOf(0x2a); at >= 0 && at < length; at = INCOMING.indexOf(0x2a, at + 1))
    answered();
  // The rest of a longer answer must not be counted with the next.
  INCOMING.fill(0, 0, length);
  return true;
}
