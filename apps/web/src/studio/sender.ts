import type { BroadcastWay } from "./capture.ts";

/** Sends the picture and sound of this page, one way or the other. */
export type Sender = {
  readonly way: BroadcastWay;
  getStats(): Promise<RTCStatsReport>;
  /** Calls the listener once if the sender ends and was not stopped, with the reason for people. */
  onEnded(listener: (reason: string) => void): void;
  stop(): void;
};
