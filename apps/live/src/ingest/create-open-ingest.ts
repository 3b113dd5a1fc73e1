import type { Bus } from "@fairlead/bus";
import { randomId } from "@fairlead/protocol";
import type { OpenPlace } from "@fairlead/signaling/ingest";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { LiveHls } from "../hls/live-hls.ts";
import { EncoderMedia } from "../media/encoder-media.ts";
import type { MediaWorker } from "../media/media-worker.ts";
import type { PipeReach } from "../media/outgoing-pipe.ts";
import type { OpenIngest, StartedTracks } from "./open-ingest.ts";
import { Publisher } from "./publisher.ts";

export type IngestDeps = {
  bus: Bus;
  openPlace: OpenPlace;
  worker: Pick<MediaWorker, "get">;
  reach: PipeReach;
  /** Those that are there, by an id that is theirs in this process. */
  publishers: Map<string, Publisher>;
  metrics: Metrics;
  hls: Pick<LiveHls, "createPackager"> | null;
  log: Logger;
};

/** @returns What claims a broadcast for an encoder of this process, and brings its media to wherever the room is. */
export function createOpenIngest({
  bus,
  openPlace,
  worker,
  reach,
  hls,
  publishers,
  metrics,
  log,
}: IngestDeps): OpenIngest {
  return async ({ key, address }) => {
    const open = (isReturn: boolean, isWanted: () => boolean) =>
      openPlace({ key, address, isReturn, isWanted });
    const place = await open(false, () => true);
    const publisherId = randomId();
    const owner = { core: 0, roomId: place.broadcastId, publisherId };
    const publisher = new Publisher(
      {
        ...{ bus, reach, metrics, now: () => performance.now(), log: log.child({ address }) },
        openAgain: (isWanted) => open(true, isWanted),
        ...(hls ? { createPackager: hls.createPackager } : {}),
        openMedia: (tracks: StartedTracks) => EncoderMedia.open(worker, tracks, owner),
        onClosed: () => publishers.delete(publisherId),
      },
      place,
    );
    publishers.set(publisherId, publisher);
    return publisher;
  };
}
