import type { types } from "mediasoup-client";

/**
 * When to try again after the socket is lost. Delays are ms; `random` gives 0..1.
 * `giveUpAfterMs` counts from the loss: after it, `room.ended`.
 */
export type ReconnectPolicy = {
  readonly giveUpAfterMs: number;
  nextDelayMs(attempt: number, random: () => number): number;
};

/** Commands and events go over a WebSocket, or over plain HTTP where no WebSocket gets through. */
export type SignalingTransport = "websocket" | "http";

export type JoinOptions = {
  /** Base URL of signaling, as the ticket's answer gives it; `http(s)` or `ws(s)`. */
  url: string;
  ticket: string;
  /** Default true: every track of every peer. False: only what `room.subscribe` names. */
  autoSubscribe?: boolean;
  /** Default true: video in attached elements that are scrolled away or hidden is not sent to this peer. */
  pauseInvisibleVideo?: boolean;
  reconnect?: ReconnectPolicy;
  /**
   * Default `auto`: a WebSocket, or HTTP while no WebSocket gets through. The SDK remembers the one that worked, and tries a
   * WebSocket again from time to time. The other values allow one of them only.
   */
  transport?: "auto" | SignalingTransport;
  /** How long the first join may take, retries included, ms; default 15 000. */
  joinTimeoutMs?: number;
  /** Default `all`. `relay`: media goes through TURN servers only, e.g. in a network that passes nothing else. */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** Options for mediasoup-client's `Device`, e.g. a handler for tests. */
  device?: types.DeviceOptions;
  /** Gives up the join, which rejects at once with the signal's reason. No effect once the app has the room. */
  signal?: AbortSignal;
};

export type VideoCodec = "vp8" | "h264" | "vp9" | "av1";

export type PublishOptions = {
  /** Default false. A camera that begins muted is opened by `unmute()`. A disabled track counts as muted in any case. */
  muted?: boolean;
  /** Default: the room's first that the browser can send. VP9 and AV1 are sent as SVC, the others as simulcast. */
  codec?: VideoCodec;
  /** Camera: default true. */
  simulcast?: boolean;
  /** In place of the defaults; lowest layer first. */
  encodings?: types.RtpEncodingParameters[];
  /**
   * Stop the track when it is unpublished, or can't be published. Default: true for tracks that the SDK opened, false for the
   * app's: those the SDK neither stops nor disables.
   */
  stopTrack?: boolean;
};

export type DeviceChoice = PublishOptions & {
  deviceId?: string;
  /** A track that is open already, e.g. from a preview. */
  track?: MediaStreamTrack;
  /** Added to the default constraints; the same names replace them. */
  constraints?: MediaTrackConstraints;
  /**
   * Close the device while the track is muted, and open it again on `unmute()`. Default: true for a camera that the SDK
   * opened, else false. Of a given `track`, it needs `stopTrack`.
   */
  stopOnMute?: boolean;
};

export type MicrophoneOptions = DeviceChoice;
export type CameraOptions = DeviceChoice;
export type ScreenOptions = PublishOptions & {
  /** Ask for the sound too; default true. Some browsers can't share it. */
  audio?: boolean;
  /** Default 15. */
  frameRate?: number;
};

export type RemoveOptions = {
  /** At most 256 characters. */
  reason?: string;
  /** Default true: neither the peer's identity nor its ticket gets in again. */
  ban?: boolean;
};

export type SendOptions = {
  /** Tells kinds of messages apart; at most 128 characters, default `data`. */
  label?: string;
  /** Default true: ordered, and sent again when lost. False: neither. */
  reliable?: boolean;
};
