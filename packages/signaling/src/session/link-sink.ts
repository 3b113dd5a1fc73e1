import type { FairleadError, Position, ServerFrame } from "@fairlead/protocol";

/** A frame to a client. Events and transients are forwarded as they came: mostly as JSON, from older nodes parsed. */
export type SentFrame =
  | Exclude<ServerFrame, { type: "event" | "events" | "transient" }>
  | { type: "event"; position: Position; json: string }
  | { type: "events"; position: Position; items: readonly string[] }
  | { type: "transient"; json: string }
  | { type: "event"; position: Position; event?: unknown }
  | { type: "transient"; transient?: unknown };

/** The client's end of a link: a socket, or a stream of server-sent events. */
export type LinkSink = {
  /** Whether a frame may hold several events. */
  readonly takesSeveral: boolean;
  send(frame: SentFrame): void;
  /** Whether anybody is there still. */
  isOpen(): boolean;
  /**
   * The session is over for this link, which is closed already. `session_gone`: the client may join anew;
   * `bus_disconnected`: it may resume.
   */
  onOver(error: FairleadError): void;
};
