import type { CounterName, DurationName, GaugeName } from "../metrics.ts";

export type ProcessKind = "signaling" | "media-node" | "live" | "autoscaler";

/** How a metric looks to Prometheus. A test compares this with the table of `deploy/prometheus`. */
export type Exposed = {
  name: string;
  help: string;
  of: readonly ProcessKind[];
  /** The cause's. */
  label?: string;
  /** Causes that stand at 0 from the start, so that the first one shows as an increase. */
  known?: readonly string[];
  /** A reading that only ever rises. */
  isTotal?: true;
};

const SIGNALING = ["signaling"] as const;
const NODE = ["media-node"] as const;
const LIVE = ["live"] as const;
const AUTOSCALER = ["autoscaler"] as const;
/** They place rooms. */
const PLACERS = ["signaling", "live"] as const;
/** The registry tells these what groups want. */
const CAPACITY = ["signaling", "autoscaler"] as const;
const ALL = ["signaling", "media-node", "live", "autoscaler"] as const;

export const COUNTERS: Record<CounterName, Exposed> = {
  "join.refused": {
    ...{ name: "fairlead_joins_refused_total", of: SIGNALING, label: "code", known: ["no_capacity"] },
    help: "Joins that were refused",
  },
  "stranger.refused": {
    ...{ name: "fairlead_strangers_refused_total", of: PLACERS, label: "code" },
    help: "Requests with a wrong key or ticket",
  },
  "session.joined": {
    name: "fairlead_joins_total",
    of: SIGNALING,
    help: "Peers, publishers and viewers that came in",
  },
  "session.resumed": { name: "fairlead_resumes_total", of: SIGNALING, help: "Sessions that went on here" },
  "peer.placed": {
    ...{ name: "fairlead_placements_total", of: PLACERS, label: "reason" },
    help: "Questions where a room is that were answered",
  },
  "placement.refused": {
    ...{ name: "fairlead_placements_refused_total", of: PLACERS, label: "code", known: ["no_capacity"] },
    help: "Questions where a room is that were refused",
  },
  "bus.lost": {
    name: "fairlead_bus_lost_total",
    of: ["signaling", "media-node", "live"],
    help: "Lost connections to NATS",
  },
  "registry.failed": {
    ...{ name: "fairlead_registry_failed_total", of: PLACERS },
    help: "Placements and counts that Redis did not answer",
  },
  "room.moved": {
    ...{ name: "fairlead_rooms_moved_total", of: NODE, label: "cause" },
    ...{ known: ["drain", "node_lost", "worker_died", "core_busy"], help: "Rooms that got another place" },
  },
  "node.lost": {
    name: "fairlead_nodes_lost_total",
    of: NODE,
    label: "cause",
    help: "Other nodes whose rooms this one placed anew",
  },
  "worker.died": {
    name: "fairlead_worker_deaths_total",
    of: ["media-node", "live"],
    help: "mediasoup workers that died",
  },
  "heartbeat.failed": {
    ...{ name: "fairlead_heartbeats_failed_total", of: ["media-node", "live"] },
    help: "Heartbeats that Redis did not answer",
  },
  "peer.left": { name: "fairlead_peers_left_total", of: NODE, label: "reason", help: "Peers that left" },
  "peer.rate_limited": {
    ...{ name: "fairlead_commands_limited_total", of: NODE, label: "command" },
    help: "Commands that were refused because a peer sent too many",
  },
  "hook.failed": {
    name: "fairlead_hooks_failed_total",
    of: NODE,
    label: "hook",
    help: "Hooks that the operator's server did not answer",
  },
  "publisher.refused": {
    ...{ name: "fairlead_publishers_refused_total", of: LIVE, label: "code" },
    help: "Encoders that were refused",
  },
  "publisher.returned": {
    name: "fairlead_publishers_returned_total",
    of: LIVE,
    help: "Publishers whose broadcast got another home",
  },
  "publisher.bytes": {
    name: "fairlead_publisher_bytes_total",
    of: LIVE,
    help: "Bytes that came from encoders",
  },
  "encoder.ended": {
    name: "fairlead_encoders_ended_total",
    of: LIVE,
    help: "ffmpeg processes that ended under their publisher",
  },
  "scale.started": {
    name: "fairlead_scale_started_total",
    of: AUTOSCALER,
    label: "group",
    help: "Nodes that a driver was asked for",
  },
  "scale.never_came": {
    ...{ name: "fairlead_scale_never_came_total", of: AUTOSCALER, label: "group" },
    help: "Nodes that were asked for and sent no heartbeat within their start time",
  },
  "scale.removed": {
    name: "fairlead_scale_removed_total",
    of: AUTOSCALER,
    label: "group",
    help: "Nodes that were emptied and removed",
  },
  "scale.drain_given_up": {
    ...{ name: "fairlead_scale_drains_given_up_total", of: AUTOSCALER, label: "group" },
    help: "Drains that could not finish and were taken back",
  },
  "scale.failed": {
    ...{ name: "fairlead_scale_failed_total", of: AUTOSCALER, label: "group" },
    help: "Requests to a driver or to the API that failed",
  },
};

export const DURATIONS: Record<DurationName, Exposed> = {
  join: {
    name: "fairlead_join_seconds",
    of: SIGNALING,
    label: "outcome",
    help: "Joins, from the request to the answer",
  },
  "registry.call": {
    name: "fairlead_registry_call_seconds",
    of: ALL,
    label: "method",
    help: "Calls of Redis",
  },
  "bus.request": {
    name: "fairlead_bus_request_seconds",
    of: ["signaling", "media-node", "live"],
    label: "subject",
    help: "Requests over NATS",
  },
  "event_loop.delay": {
    name: "fairlead_event_loop_delay_seconds",
    of: ALL,
    help: "How late the process's timers are",
  },
  "room.move": {
    ...{ name: "fairlead_room_move_seconds", of: NODE, label: "cause" },
    help: "Moves and failovers of rooms, until their peers are told",
  },
  "node.drain": {
    name: "fairlead_node_drain_seconds",
    of: NODE,
    label: "outcome",
    help: "Drains of this node",
  },
  "scale.start": {
    name: "fairlead_scale_start_seconds",
    of: AUTOSCALER,
    label: "group",
    help: "From asking for a node to its first heartbeat",
  },
  "scale.drain": {
    name: "fairlead_scale_drain_seconds",
    of: AUTOSCALER,
    label: "group",
    help: "From asking for a drain until the node is empty",
  },
};

export const GAUGES: Record<GaugeName, Exposed> = {
  "bus.connected": { name: "fairlead_bus_connected", of: ALL, help: "1 while the process has NATS" },
  "clients.connected": { name: "fairlead_clients", of: SIGNALING, help: "Sockets and streams of events" },
  "capacity.known": {
    name: "fairlead_capacity_known",
    of: CAPACITY,
    help: "1 while Redis tells what the groups carry",
  },
  "group.nodes_ready": {
    name: "fairlead_group_ready_nodes",
    of: CAPACITY,
    label: "group",
    help: "Nodes that take rooms",
  },
  "group.nodes_draining": {
    name: "fairlead_group_draining_nodes",
    of: CAPACITY,
    label: "group",
    help: "Nodes that hand their rooms over",
  },
  "group.nodes_wanted": {
    name: "fairlead_group_wanted_nodes",
    of: CAPACITY,
    label: "group",
    help: "Nodes that the group should have",
  },
  "group.cores": {
    name: "fairlead_group_cores",
    of: CAPACITY,
    label: "group",
    help: "Usable cores of ready nodes",
  },
  "group.demand_cores": {
    ...{ name: "fairlead_group_demand_cores", of: CAPACITY, label: "group" },
    help: "What the group carries and has promised, in cores",
  },
  "group.room_slots": {
    name: "fairlead_group_room_slots",
    of: CAPACITY,
    label: "group",
    help: "How many rooms more fit",
  },
  "group.arrivals": {
    name: "fairlead_group_arrivals_per_minute",
    of: CAPACITY,
    label: "group",
    help: "Rooms that were placed within the last minute",
  },
  "group.refused_joins": {
    ...{ name: "fairlead_group_refused_joins_total", of: CAPACITY, label: "group", isTotal: true },
    help: "Joins that no node of the group had room for",
  },
  "core.load": { name: "fairlead_core_load_ratio", of: NODE, label: "core", help: "Measured load, 0 to 1" },
  "core.debits": {
    ...{ name: "fairlead_core_debits_ratio", of: NODE, label: "core" },
    help: "Load that is promised to peers on their way, and reserved for young rooms",
  },
  "core.rooms": {
    name: "fairlead_core_rooms",
    of: NODE,
    label: "core",
    help: "Rooms whose home the core is",
  },
  "core.peers": {
    name: "fairlead_core_peers",
    of: NODE,
    label: "core",
    help: "Peers and viewers whose media the core has",
  },
  "core.usable": {
    name: "fairlead_core_usable",
    of: NODE,
    label: "core",
    help: "1 while the core takes rooms",
  },
  "node.draining": {
    name: "fairlead_node_draining",
    of: NODE,
    help: "1 while the node hands its rooms over",
  },
  "node.lingering_rooms": {
    name: "fairlead_node_lingering_rooms",
    of: NODE,
    help: "Rooms that have moved and still have media here",
  },
  "live.publishers": { name: "fairlead_publishers", of: LIVE, help: "Encoders that send" },
  "scale.leads": {
    name: "fairlead_autoscaler_leads",
    of: AUTOSCALER,
    help: "1 while this autoscaler is the one that acts",
  },
};
