import type { Signaling, SignalingDependencies } from "@fairlead/signaling";
import type { Logger } from "@fairlead/telemetry";

/** The parts of the app that the runtime provides. */
export type RuntimeParts = Pick<SignalingDependencies, "upgradeWebSocket" | "clientAddress">;

export type ServeOptions = {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Makes the app, and may add routes to it. Its `shutDown` is called by `close`. */
  createApp: (runtime: RuntimeParts) => Signaling;
  /** As the app is told. Where there are proxies, every connection is one of theirs. Default 0. */
  trustedProxies?: number;
  log?: Logger;
};

export type SignalingServer = {
  url: string;
  port: number;
  /** Tells clients to resume elsewhere, then stops. Idempotent. */
  close(): Promise<void>;
};

/** Serves a signaling app. @throws {Error} It can't listen. */
export type Serve = (options: ServeOptions) => Promise<SignalingServer>;

/** UTF-8 of the longest frame, and then some: what is over protocol's limit gets its typed error, what is far over is cut off. */
export const MAX_PAYLOAD_BYTES = 4 * 65_536;
/** How long clients may take to close their connections. */
export const CLOSE_TIMEOUT_MS = 2_000;

export function urlOf(scheme: "http" | "https", host: string, port: number): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** @returns `close`, which is done once however often it is called. */
export function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= close();
    return closing;
  };
}
