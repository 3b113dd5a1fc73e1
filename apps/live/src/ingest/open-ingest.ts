import type { IngestHealth } from "@fairlead/protocol";

/** Where an encoder's RTP for one track goes, and how it is marked. All on loopback. */
export type RtpTarget = {
  ip: string;
  rtpPort: number;
  /** RTCP goes to a port of its own. */
  rtcpPort: number;
  payloadType: number;
  ssrc: number;
};

/** The tracks that a publisher sends: H.264 and Opus when they leave its ffmpeg. */
export type StartedTracks = {
  video: {
    /** As in SDP: 6 hex digits, e.g. `42e01f`. */
    profileLevelId: string;
  } | null;
  audio: boolean;
};

/** Takes what its ffmpeg makes for HLS. */
export type HlsSink = {
  accept(rendition: string, chunk: Uint8Array): void;
  /** ffmpeg is started, anew or at first. */
  restarted(): void;
  /** ffmpeg makes nothing for HLS until `restarted`. */
  stopped(): void;
  /** The renditions whose pictures it encodes anew, with their bits/s. */
  noteEncoded(renditions: readonly { name: string; bitrateBps: number }[]): void;
};

/** A publisher whose broadcast is its own, wherever the room is meanwhile. */
export type OpenedIngest = {
  /**
   * Makes the way for its media. Called once.
   * @throws {FairleadError} What the room's home refuses with.
   */
  start(tracks: StartedTracks): Promise<{ video: RtpTarget | null; audio: RtpTarget | null }>;
  /** How its stream comes in, about once a second: the room's home hears of it. */
  noteHealth(health: IngestHealth): void;
  /** Absent: no HLS is made. */
  readonly hls?: HlsSink | null;
  /** Resolves with words for the encoder when the place is lost for good. Never rejects; `close` leaves it pending. */
  ended: Promise<string>;
  /** Its encoder has gone. Idempotent. @param refused What that was told, if it was sent away. */
  close(refused?: string): void;
};

/**
 * Claims the broadcast that a stream key is of, before the first byte of its media is used.
 *
 * @param publisher.address The encoder's IP address, for its limits and the log.
 * @throws {FairleadError} Its code says why: `stream_key_invalid`, `broadcast_ended`, `rate_limited`, `no_capacity` and the like.
 */
export type OpenIngest = (publisher: { key: string; address: string }) => Promise<OpenedIngest>;
