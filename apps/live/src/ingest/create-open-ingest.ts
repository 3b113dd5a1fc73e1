import type { Bus } from "@fairlead/bus";
import type { OpenPlace } from "@fairlead/signaling/ingest";
import type { Logger } from "@fairlead/telemetry";
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
  log: Logger;
};

/** @returns What claims a broadcast for an encoder of this process, and brings its media to wherever the room is. */
export function createOpenIngest({ bus, openPlace, worker, reach, log }: IngestDeps): OpenIngest {
  return async ({ key, address }) => {
    const open = (isReturn: boolean, isWanted: () => boolean) =>
      openPlace({ key, address, isReturn, isWanted });
    const place = await open(false, () => true);
    return new Publisher(
      {
        ...{ bus, reach, now: Date.now, log: log.child({ address }) },
        openAgain: (isWanted) => open(true, isWanted),
        openMedia: (tracks: StartedTracks) => EncoderMedia.open(worker, tracks),
      },
      place,
    );
  };
}
