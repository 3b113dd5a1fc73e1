import type { Bus } from "@fairlead/bus";
import { type CodecPolicy, DEFAULT_CODEC_POLICY, DEFAULT_ISSUER } from "@fairlead/protocol";
import type { PlaceRequest, RateLimit, Registry } from "@fairlead/registry";
import { type Logger, type Metrics, noMetrics } from "@fairlead/telemetry";
import type { KeySet, TicketKeys } from "@fairlead/tickets";
import type { Context } from "hono";
import type { UpgradeWebSocket } from "hono/ws";
import { RareLine } from "./abuse/rare-line.ts";
import type { Refusals } from "./abuse/refusals.ts";
import { RefusedAddresses } from "./abuse/refused-addresses.ts";
import { createRefusedTickets } from "./abuse/refused-openings.ts";
import type { ApiKey } from "./http/api-key.ts";
import { DEFAULT_LIMITS, type SignalingLimits } from "./limits.ts";
import { AnsweringNodes } from "./placement/answering-nodes.ts";
import { CircuitBreaker } from "./placement/circuit-breaker.ts";
import { BusHistory } from "./session/bus-history.ts";
import { TokenBucket } from "./session/token-bucket.ts";
import { TokenBuckets } from "./session/token-buckets.ts";

/** Fills the array it is given with random bytes. */
export type Random = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;

export type SignalingDependencies = {
  bus: Bus;
  registry: Registry;
  /** Verifies the tickets that admit peers, and signs the API's if there is a private key. */
  ticketKeys: TicketKeys;
  /** Signs and verifies session tickets: the same set in every signaling process of the cluster. */
  sessionKeys: KeySet;
  /** The runtime's own, e.g. of `@hono/node-server`. */
  upgradeWebSocket: UpgradeWebSocket;
  log: Logger;
  /** Default: nothing is counted. */
  metrics?: Metrics;
  /** Of app back ends and operators; without any, every such request is refused. */
  apiKeys: readonly ApiKey[];
  /** The `url` in answers with tickets, e.g. `https://meet.example.org`; default: the request's own origin. */
  publicUrl?: string;
  /**
   * Where encoders send broadcasts to by RTMP, e.g. `rtmp://live.example.org/live`, or the same by the URL that this API was asked at.
   * Default: the API names none.
   */
  rtmpUrl?: string | ((apiUrl: string) => string);
  /** Where this process runs: rooms that ask for no region go to nodes of this one, while they have room. */
  region?: string;
  /** How new rooms are placed; default: on the least-loaded node. */
  placing?: Placing;
  codecPolicy?: CodecPolicy;
  issuer?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
  random?: Random;
  /** Default: `DEFAULT_LIMITS`. */
  limits?: Partial<SignalingLimits>;
  /** The other end of a request's connection as the runtime knows it, without port; undefined: it does not. */
  clientAddress: (c: Context) => string | undefined;
  /** How many proxies stand before this process, whose entries in `X-Forwarded-For` count. Default 0. */
  trustedProxies?: number;
  /** Default: none. */
  rateLimits?: RateLimits;
  /** Origins of browsers' pages that may use this API, e.g. `https://meet.example.org`. Default: all. */
  origins?: "*" | readonly string[];
};

/** @see PlaceRequest */
export type Placing = Pick<PlaceRequest, "groups" | "fills">;

/** Rate limits; a missing entry means unlimited. An address's limit also bounds requests of strangers from there, which count apart. */
export type RateLimits = { address?: RateLimit; key?: RateLimit; room?: RateLimit };

/** All that one signaling process has: its dependencies with every default filled in, and its memory of its clients. */
export type SignalingProcess = Omit<
  Required<SignalingDependencies>,
  "publicUrl" | "rtmpUrl" | "region" | "limits"
> & {
  publicUrl: string | undefined;
  rtmpUrl: SignalingDependencies["rtmpUrl"] | undefined;
  region: string | undefined;
  limits: SignalingLimits;
  /** Around placements, so that joins are quick while the registry is away. */
  breaker: CircuitBreaker;
  /** To whom new rooms go while the registry is away. */
  answeringNodes: AnsweringNodes;
  busHistory: BusHistory;
  /** Bounds all openings of this process together; null: no limit. */
  openings: TokenBucket | null;
  /** Joins that count for nothing, of each room and identity. */
  freeReturns: TokenBuckets;
  /** Resumes of each session, whichever way they come. */
  resumes: TokenBuckets;
  refusedAddresses: RefusedAddresses;
  /** Of joins and resumes that have just come too often. */
  refusedTickets: Refusals;
  /** Lines about refusals, which clients can cause without end. */
  refusals: { strangers: RareLine; capacity: RareLine };
};

/** A room moves once or twice in a bad minute, and a join may be tried several times for each. */
const FREE_RETURNS = { perSecond: 0.1, burst: 10 };
/** A registry that failed this often in a row is left alone for a second. */
const BREAKER = { failureLimit: 3, openMs: 1_000 };

export function createProcess(dependencies: SignalingDependencies): SignalingProcess {
  const now = dependencies.now ?? Date.now;
  const limits = { ...DEFAULT_LIMITS, ...dependencies.limits };
  const { metrics = noMetrics, log, ticketKeys } = dependencies;
  ticketKeys.published?.onFailure((failure) => log.warn("jwks.unreachable", failure));
  return {
    ...dependencies,
    publicUrl: dependencies.publicUrl,
    rtmpUrl: dependencies.rtmpUrl,
    region: dependencies.region,
    codecPolicy: dependencies.codecPolicy ?? DEFAULT_CODEC_POLICY,
    issuer: dependencies.issuer ?? DEFAULT_ISSUER,
    placing: dependencies.placing ?? {},
    now,
    metrics,
    random: dependencies.random ?? ((bytes) => crypto.getRandomValues(bytes)),
    limits,
    trustedProxies: dependencies.trustedProxies ?? 0,
    rateLimits: dependencies.rateLimits ?? {},
    origins: dependencies.origins ?? "*",
    resumes: new TokenBuckets({ ...limits.resumes, now }),
    refusedAddresses: new RefusedAddresses(now),
    refusedTickets: createRefusedTickets(now),
    refusals: {
      strangers: new RareLine("stranger.refused", now),
      capacity: new RareLine("join.no_capacity", now),
    },
    breaker: new CircuitBreaker({ ...BREAKER, now }),
    answeringNodes: new AnsweringNodes(dependencies.bus, now),
    busHistory: new BusHistory(dependencies.bus, { settleMs: limits.busSettleMs, now, metrics }),
    openings: limits.openings && new TokenBucket(limits.openings.perSecond, limits.openings.burst, now),
    freeReturns: new TokenBuckets({ ...FREE_RETURNS, now }),
  };
}
