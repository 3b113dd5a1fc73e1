import type { Bus } from "@fairlead/bus";
import type { CodecPolicy } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { KeySet, TicketKeys } from "@fairlead/tickets";
import type { HookSettings } from "../hooks/hooks.ts";
import type { RtpOptions } from "../plain/rtp-reach.ts";
import type { BudgetLimits } from "../room/peer-budgets.ts";
import type { ChooseCore } from "../rooms/seating.ts";
import type { TurnOptions } from "../turn/ice-servers.ts";
import type { ListenAddress } from "../worker/listen-addresses.ts";

export type MediaNodeOptions = {
  bus: Bus;
  registry: Registry;
  /** Verifies tickets: public keys are enough. */
  ticketKeys: TicketKeys;
  /** Verifies session tickets. */
  sessionKeys: KeySet;
  issuer?: string;
  /** Path of the mediasoup worker. */
  workerBin: string;
  log: Logger;
  /** Default: nothing is counted. */
  metrics?: Metrics;
  nodeId?: string;
  region?: string;
  labels?: string[];
  /** The nodes that it is scaled with; default: those of its region and labels. */
  group?: string | undefined;
  /** Workers; default: one per CPU core that this process may use. */
  cores?: number;
  /** Default: as many as the cores carry. */
  maxPeers?: number;
  /** Default: loopback and every address of this machine, as they are when a worker starts. */
  listenAddresses?: readonly ListenAddress[];
  /** Core `i` listens on this port + `i`, UDP and TCP; default: free ones. */
  rtcBasePort?: number | null;
  /** TCP's own, counted in the same way, or `off`; default: the same ports as UDP's. */
  rtcTcpBasePort?: number | "off" | null;
  /** STUN and TURN servers that peers are told of; default: none. */
  turn?: TurnOptions;
  codecPolicy?: CodecPolicy;
  /** How long a session outlives its last sign of life, ms. */
  graceMs?: number;
  /** Capacity of the host's network, bits/s, each way. */
  networkCapacityBps?: number;
  /** Names of the interfaces whose bytes count against that; default: those that carry `listenAddresses`. */
  networkInterfaces?: readonly string[];
  /** Up to this load (0..1) a room's home core takes the room's peers itself; default: 0.6. */
  homeLoad?: number;
  /** Above this load (0..1) a core takes no peer more; default: 0.95. */
  fullLoad?: number;
  /** Above this load (0..1), for ten seconds, a core gives a room or guests away; default: 0.8. */
  busyLoad?: number;
  /** Which core a peer's media sits on; default: by load. */
  chooseCore?: ChooseCore;
  /** UDP ports of the pipes between cores; default: free ones. */
  pipePorts?: { min: number; max: number } | undefined;
  /** An address of this host, where pipes of other hosts come in: broadcasts by RTMP. Default: none do. */
  pipeIp?: string | undefined;
  /** RTP of encoders and recorders; default: what comes encrypted is taken, and none is sent. */
  rtp?: RtpOptions;
  /** What peers may have made; default: `DEFAULT_BUDGETS`. */
  budgets?: Partial<BudgetLimits>;
  /** The operator's server that decides on broadcasts' publishers and viewers; default: none. */
  hooks?: HookSettings | undefined;
  now?: () => number;
  random?: () => number;
};
