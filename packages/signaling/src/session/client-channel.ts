import type { ErrorCode } from "@fairlead/protocol";
import type { SentFrame } from "./link-sink.ts";

/** The client's end of a connection, whatever carries it. */
export type ClientChannel = {
  /**
   * Only to the client, which asks by other requests: it has one session, is shown that somebody is there, and need not say so
   * itself. Nor does it prove that the client is: a peer without power keeps its connection for minutes.
   */
  readonly isOneWay: boolean;
  send(frame: SentFrame): void;
  /** RFC 6455 § 7.4 close codes. */
  close(code: number, reason: ErrorCode): void;
  /** Bytes that wait to be sent; 0 where the runtime does not tell. */
  bufferedBytes(): number;
};
