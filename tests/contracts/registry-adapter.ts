import type { CoreAdvert, Heartbeat, NodeStatus } from "@fairlead/protocol";
import type { Placement, PlaceRequest, Registry } from "@fairlead/registry";

/** A registry under test, empty, and the time that rules it: adapters with a server's clock really wait. */
export type RegistryAdapter = {
  registry: Registry;
  now(): number;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
};

export type CreateRegistryAdapter = () => Promise<RegistryAdapter>;

type BeatOptions = Partial<Omit<Heartbeat, "cores">> & { cores?: Partial<CoreAdvert>[] };

/** The heartbeat of a node of one idle core, but for what is given. */
export function beatOf(nodeId: string, { cores = [{}], ...options }: BeatOptions = {}): Heartbeat {
  return {
    nodeId,
    incarnation: `${nodeId}-run-1`,
    state: "ready",
    busConnected: true,
    region: "eu",
    labels: [],
    version: "0.1.0",
    networkLoad: 0,
    settledDebits: [],
    leases: [],
    ...options,
    cores: cores.map((core, index) => ({ ...idleCore, core: index, ...core })),
  };
}

const idleCore = { cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };

/** Places a room for a peer of its own. */
export function placePeer(
  registry: Registry,
  roomId: string,
  request: Partial<PlaceRequest> = {},
): Promise<Placement> {
  const peer = { identity: "ada", ticketId: "ticket-of-ada" };
  return registry.place({ roomId, peer, ...request });
}

export function openDebit(nodes: NodeStatus[]): number {
  return nodes.flatMap((node) => node.cores).reduce((sum, core) => sum + core.debit, 0);
}
