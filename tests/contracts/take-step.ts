import { BroadcastState, FairleadError, type NodeStatus, type RoomRecord } from "@fairlead/protocol";
import type { Page, PlaceRequest, Registry, RoomPatch } from "@fairlead/registry";
import type { BeatContent, ClusterModel, ModelNode } from "./cluster-model.ts";
import { type RegistryAdapter, roomOptions } from "./registry-adapter.ts";
import { broadcastRecord } from "./registry-contract-broadcasts.ts";
import type { Step } from "./registry-steps.ts";

type Does<D extends Step["do"]> = Extract<Step, { do: D }>;

/**
 * Lets one step happen to the registry and to the nodes of the model.
 * @returns All that the registry answered, as plain data that is the same for every registry that answers alike.
 */
export async function takeStep(step: Step, adapter: RegistryAdapter, model: ClusterModel): Promise<unknown> {
  switch (step.do) {
    case "beat":
      return beat(step, adapter, model);
    case "pass":
      return pass(step, adapter, model);
    case "wait":
      return adapter.advance(step.ms);
    case "place":
      return place(step, adapter, model);
    case "inherit":
      return inherit(step, adapter, model);
    case "release":
      return release(step, adapter, model);
    case "restart":
      return restart(step, adapter, model);
    case "update":
      return calling(adapter, model, () => adapter.registry.updateRoom(step.roomId, PATCHES[step.patch]));
    case "broadcast":
      return writeBroadcast(step, adapter, model);
    case "look":
      return look(step, adapter);
    case "count":
      return answerOf(calling(adapter, model, () => adapter.registry.count(step.rates)));
    case "lateBeat":
      return sendBeat(model.node(step.node), adapter, model, {}, step.heldMs);
    case "flush":
      return adapter.flush();
    default:
      return changeNodes(step, adapter, model);
  }
}

/** @returns All rooms, broadcasts and nodes, as the registry lists them. */
export async function lookAt({ registry }: RegistryAdapter): Promise<{
  rooms: RoomRecord[];
  broadcasts: string[][];
  nodes: NodeStatus[];
  groups: unknown;
}> {
  const rooms = await allOf((cursor) => registry.listRooms({ limit: 100, ...cursor }));
  const broadcasts = await listBroadcasts(registry, 100);
  const nodes = await allOf((cursor) => registry.listNodes({ limit: 100, ...cursor }));
  return { rooms, broadcasts, nodes, groups: await answerOf(registry.listGroups()) };
}

/** Faults of nodes that the registry does not know of. */
function changeNodes(
  step: Does<"claimLocally" | "forget" | "state" | "bus" | "setClock">,
  adapter: RegistryAdapter,
  model: ClusterModel,
): void {
  if (step.do === "setClock") {
    for (const name of step.nodes) model.node(name).clockMs = step.ms;
    if (step.callers) model.callersClockMs = step.ms;
    return;
  }
  if (step.do === "bus") {
    for (const name of step.nodes) model.node(name).busConnected = step.isConnected;
    return;
  }
  const node = model.node(step.node);
  if (step.do === "state") node.state = step.isDraining ? "draining" : "ready";
  if (step.do === "forget") node.served.delete(step.roomId);
  if (step.do !== "claimLocally") return;
  const { roomId, core, peers } = step;
  const known = node.served.get(roomId)?.epoch ?? 0;
  model.serve(node, { roomId, core, epoch: Math.max(known + 1, adapter.now()), peers, isLocal: true });
}

async function beat(step: Does<"beat">, adapter: RegistryAdapter, model: ClusterModel): Promise<unknown> {
  const node = model.node(step.node);
  if (step.peersNow !== null)
    for (const served of node.served.values()) {
      served.peers = step.peersNow;
      node.unnamed.add(served.roomId);
    }
  const settledDebits = node.debits.slice(0, step.settles);
  const fresh = node.debits.slice(0, step.seats).filter((id) => !node.seated.has(id));
  for (const id of fresh) node.seated.add(id);
  const seated = [...fresh, ...settledDebits.filter((id) => node.seated.has(id) && !fresh.includes(id))];
  return sendBeat(node, adapter, model, {
    cores: step.cores,
    networkLoad: step.networkLoad,
    names: step.names,
    observedCosts: step.observed,
    settledDebits,
    seatedDebits: seated.map((debitId) => ({ debitId, core: 1 })),
    suspects: step.suspects.map((name) => model.node(name).incarnation),
  });
}

/** By the clock of those who are no nodes. */
function calling<T>({ skewed }: RegistryAdapter, model: ClusterModel, call: () => Promise<T>): Promise<T> {
  return skewed(model.callersClockMs, call);
}

async function sendBeat(
  node: ModelNode,
  { registry, skewed }: RegistryAdapter,
  model: ClusterModel,
  content: BeatContent = {},
  heldMs = 0,
): Promise<unknown> {
  const sent = model.beatFor(node, content);
  const reply = await skewed(node.clockMs - heldMs, () => registry.heartbeat(sent));
  model.beaten(node, sent, reply);
  return reply;
}

async function pass(step: Does<"pass">, adapter: RegistryAdapter, model: ClusterModel): Promise<unknown> {
  const replies: unknown[] = [];
  for (let n = 0; n < step.beats; n += 1) {
    await adapter.advance(step.everyMs);
    for (const name of step.nodes) replies.push(await sendBeat(model.node(name), adapter, model));
  }
  return replies;
}

async function place(step: Does<"place">, adapter: RegistryAdapter, model: ClusterModel): Promise<unknown> {
  const { roomId, region, labels, options, suspect, withPeer, opens, groups } = step;
  const former = model.leases.get(roomId);
  const request: PlaceRequest = {
    roomId,
    labels,
    rates: step.rates,
    ...(groups ? { groups } : {}),
    ...(step.fills === undefined ? {} : { fills: step.fills }),
    ...(step.movedLoad !== undefined && step.supersedes ? { movedLoad: step.movedLoad } : {}),
    exclude: step.exclude.map((each) => addressOf(each, model)),
    ...(withPeer ? { peer: { identity: "ada", ticketId: "ticket-of-ada" } } : {}),
    ...(options ? { options: roomOptions(options) } : {}),
    ...(region === undefined ? {} : { region }),
    ...(suspect ? { suspect: model.node(suspect).incarnation } : {}),
    ...(step.supersedes && former ? { supersedes: former } : {}),
  };
  const placement = await answerOf(calling(adapter, model, () => adapter.registry.place(request)));
  if ("refused" in placement) return placement;
  if (step.supersedes && placement.isNew && former)
    model.runOf(former.incarnation)?.served.delete(former.roomId);
  model.placed(placement, { peers: withPeer ? 1 : 0, opens });
  return { ...placement, debitId: model.nameDebit(placement.debitId) };
}

function addressOf({ node, core }: { node: "a" | "b" | "c" | "d"; core: number }, model: ClusterModel) {
  return { nodeId: node, incarnation: model.node(node).incarnation, core };
}

async function inherit(
  { node, suspects }: Does<"inherit">,
  { registry }: RegistryAdapter,
  model: ClusterModel,
): Promise<unknown> {
  const heirs = [model.node(node), ...model.nodes.values()];
  const orphan = heirs.find(({ orphans }) => orphans.length > 0)?.orphans.shift();
  if (!orphan) return null;
  const { roomId, incarnation } = orphan;
  const placement = await answerOf(registry.place({ roomId, ...(suspects ? { suspect: incarnation } : {}) }));
  if ("refused" in placement) return placement;
  model.placed(placement, { peers: 0, opens: true });
  return { ...placement, debitId: model.nameDebit(placement.debitId) };
}

async function release(
  { roomId, isStale }: Does<"release">,
  { registry }: RegistryAdapter,
  model: ClusterModel,
): Promise<void> {
  const lease = model.leases.get(roomId);
  if (!lease) return;
  await registry.release({ ...lease, epoch: lease.epoch - (isStale ? 1 : 0) });
  if (!isStale) model.runOf(lease.incarnation)?.served.delete(roomId);
}

async function restart(
  { node, labels, group, saysGoodbye }: Does<"restart">,
  { registry }: RegistryAdapter,
  model: ClusterModel,
): Promise<void> {
  if (saysGoodbye) await registry.removeNode(model.node(node).incarnation);
  model.restart(node, labels, group);
}

async function look(
  { roomId, limit, node: nodeId }: Does<"look">,
  { registry }: RegistryAdapter,
): Promise<unknown> {
  const room = await registry.describeRoom(roomId);
  const rooms = await allOf((cursor) => registry.listRooms({ limit, ...cursor }));
  const ofNode = nodeId ? { nodeId } : {};
  const nodes = await allOf((cursor) => registry.listNodes({ limit, ...ofNode, ...cursor }));
  const groups = await answerOf(registry.listGroups());
  return { room, rooms, broadcasts: await listBroadcasts(registry, limit), nodes, groups };
}

/** @returns Ids of all of them, then of those in each state. */
async function listBroadcasts(registry: Registry, limit: number): Promise<string[][]> {
  const listed: string[][] = [];
  for (const state of [undefined, ...BroadcastState.options]) {
    const rooms = await allOf((cursor) =>
      registry.listBroadcasts({ limit, ...(state ? { state } : {}), ...cursor }),
    );
    listed.push(rooms.map(({ roomId }) => roomId));
  }
  return listed;
}

async function writeBroadcast(
  { roomId, state, neededForMs, options, ifRevision, epoch }: Does<"broadcast">,
  adapter: RegistryAdapter,
  model: ClusterModel,
): Promise<unknown> {
  const { registry } = adapter;
  const revision = (await registry.describeRoom(roomId))?.broadcast?.revision ?? null;
  const lease = model.leases.get(roomId);
  const read = { known: revision, none: null, another: (revision ?? 0) + 1 }[ifRevision];
  const neededUntilMs = neededForMs === null ? null : adapter.now() + neededForMs;
  const record = { revision: (read ?? 0) + 1, endsAtMs: neededUntilMs };
  const broadcast = {
    write: state === "removed" ? null : broadcastRecord({ ...record, state }),
    ifRevision: read,
    ...(epoch === "none" || !lease ? {} : { epoch: lease.epoch - (epoch === "lower" ? 1 : 0) }),
  };
  const patch = { broadcast, ...(options ? { options: roomOptions({ kind: "broadcast" }) } : {}) };
  return answerOf(calling(adapter, model, () => registry.updateRoom(roomId, patch)));
}

async function allOf<T>(pageAt: (cursor: { cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: { cursor?: string } | null = {}; cursor; ) {
    const page: Page<T> = await pageAt(cursor);
    items.push(...page.items);
    cursor = page.cursor === undefined ? null : { cursor: page.cursor };
  }
  return items;
}

async function answerOf<T>(
  answer: Promise<T>,
): Promise<T | { refused: string; retryAfterMs?: number | undefined }> {
  return answer.catch((error: unknown) => {
    if (!(error instanceof FairleadError)) throw error;
    return { refused: error.code, retryAfterMs: error.retryAfterMs };
  });
}

const PATCHES: Record<Does<"update">["patch"], RoomPatch> = {
  ban: { ban: { identity: "eve" } },
  banTicket: { ban: { identity: "mallory", ticketId: "ticket-of-ada" } },
  unban: { unban: { identity: "mallory" } },
  mute: { mute: { identity: "bob", source: "camera", muted: true } },
  unmute: { mute: { identity: "bob", source: "camera", muted: false } },
  options: { options: roomOptions({ maxPeers: 7, kind: "broadcast", labels: ["gpu"] }) },
  defaults: { options: roomOptions() },
  restore: {
    restore: {
      options: roomOptions({ maxPeers: 9, labels: ["ssd"] }),
      bans: [
        { identity: "mallory", ticketIds: ["ticket-of-ada", "another"] },
        { identity: "trudy", ticketIds: [] },
      ],
      mutes: [
        { identity: "bob", source: "camera" },
        { identity: "bob", source: "microphone" },
      ],
    },
  },
  restoreBroadcast: {
    restore: { bans: [], mutes: [], broadcast: broadcastRecord({ revision: 5, state: "interrupted" }) },
  },
  restoreBans: { restore: { bans: [{ identity: "eve", ticketIds: ["of-eve"] }], mutes: [] } },
};
