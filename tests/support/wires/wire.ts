import type { ServerFrame } from "@fairlead/protocol";

/** A wire carries a client's frames, and tells it of the other side. */
export type Wire = {
  /** One frame, as text. */
  send(text: string): void;
  /** The network goes away: no close frame, no leave. */
  drop(): void;
  /** @param code RFC 6455 § 7.4, by WebSocket only. */
  close(code?: number): void;
  isOpen(): boolean;
  isClosed(): boolean;
};

export type WireListener = {
  onFrame(frame: ServerFrame): void;
  /** @param code RFC 6455 § 7.4, by WebSocket only. */
  onClose(code: number | null): void;
};

/**
 * @param url `http(s)://host:port` of signaling.
 * @throws {Error} It can't be opened.
 */
export type OpenWire = (url: string, listener: WireListener) => Promise<Wire>;
