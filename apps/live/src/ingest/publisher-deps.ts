import type { Bus } from "@fairlead/bus";
import type { IngestPlace } from "@fairlead/signaling/ingest";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { NewPackager } from "../hls/live-hls.ts";
import type { EncoderMedia } from "../media/encoder-media.ts";
import type { PipeReach } from "../media/outgoing-pipe.ts";
import type { Packager } from "../packaging/packager.ts";
import type { StartedTracks } from "./open-ingest.ts";

export type PublisherDeps = {
  bus: Bus;
  metrics: Metrics;
  reach: PipeReach;
  log: Logger;
  /** Milliseconds that no setting of a clock changes. */
  now: () => number;
  /** Places the broadcast again, and claims it there. @throws {FairleadError} As `openIngest` of signaling. */
  openAgain: (isWanted: () => boolean) => Promise<IngestPlace>;
  /** Absent: no HLS is made. */
  createPackager?: (
    publisher: NewPackager,
  ) => Pick<Packager, "accept" | "noteBandwidth" | "restarted" | "stopped" | "report" | "setOrder" | "close">;
  openMedia: (tracks: StartedTracks) => Promise<EncoderMedia>;
  /** It is over, however it ended. */
  onClosed?: () => void;
  /** Default 1,000. */
  proveEveryMs?: number;
};
