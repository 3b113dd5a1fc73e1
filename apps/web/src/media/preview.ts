import { CAPTURE_KINDS, type CaptureKind, type MediaProblem } from "./media-problem.ts";

export type Capture =
  | { state: "off" }
  | { state: "starting" }
  | { state: "on"; track: MediaStreamTrack }
  | { state: "failed"; problem: MediaProblem };

export type Captures = Readonly<Record<CaptureKind, Capture>>;

/** Device ids by kind; an empty one means the system's default. */
export type Wanted = Partial<Record<CaptureKind, string>>;

type GetUserMedia = (constraints: MediaStreamConstraints) => Promise<MediaStream>;

/**
 * The lobby's own camera and microphone. Owns the tracks it opened until `release()` hands them on.
 *
 * @param getUserMedia As of `navigator.mediaDevices`.
 * @param problemOf What its rejection means.
 */
export class Preview {
  readonly #getUserMedia: GetUserMedia;
  readonly #problemOf: (error: unknown) => MediaProblem;
  #captures: Captures = { camera: { state: "off" }, microphone: { state: "off" } };
  /** Which start of a kind is the latest: an older one that ends later has lost its claim. */
  #attempts: Record<CaptureKind, number> = { camera: 0, microphone: 0 };
  #listeners = new Set<() => void>();

  constructor(getUserMedia: GetUserMedia, problemOf: (error: unknown) => MediaProblem) {
    this.#getUserMedia = getUserMedia;
    this.#problemOf = problemOf;
  }

  getCaptures = (): Captures => this.#captures;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Opens what is named. Both at once is one question to the user; if that fails, each is tried alone. */
  async start(wanted: Wanted): Promise<void> {
    const kinds = CAPTURE_KINDS.filter((kind) => wanted[kind] !== undefined);
    const attempts = kinds.map((kind) => [kind, this.#begin(kind)] as const);
    if (kinds.length > 1 && (await this.#open(wanted, attempts))) return;
    for (const attempt of attempts) await this.#open({ [attempt[0]]: wanted[attempt[0]] }, [attempt], true);
  }

  stop(kind: CaptureKind): void {
    this.#attempts[kind]++;
    this.#set(kind, { state: "off" });
  }

  /** Ends the preview. @returns The live tracks, which are the caller's from now on. */
  release(): Partial<Record<CaptureKind, MediaStreamTrack>> {
    const tracks: Partial<Record<CaptureKind, MediaStreamTrack>> = {};
    for (const kind of CAPTURE_KINDS) {
      const capture = this.#captures[kind];
      if (capture.state === "on") tracks[kind] = capture.track;
      this.#attempts[kind]++;
    }
    this.#captures = { camera: { state: "off" }, microphone: { state: "off" } };
    return tracks;
  }

  close(): void {
    for (const kind of CAPTURE_KINDS) this.stop(kind);
  }

  #begin(kind: CaptureKind): number {
    this.#set(kind, { state: "starting" });
    return ++this.#attempts[kind];
  }

  /** @returns False when it failed; `isLast` says that the failure is then the kind's state. */
  async #open(
    wanted: Wanted,
    attempts: readonly (readonly [CaptureKind, number])[],
    isLast = false,
  ): Promise<boolean> {
    // Turned off while another device was asked for: the user is not asked any more.
    if (attempts.every(([kind, attempt]) => attempt !== this.#attempts[kind])) return true;
    try {
      const stream = await this.#getUserMedia(captureConstraints(wanted));
      for (const [kind, attempt] of attempts) this.#accept(kind, attempt, stream);
      return true;
    } catch (error) {
      const failed: Capture = { state: "failed", problem: this.#problemOf(error) };
      for (const [kind, attempt] of attempts) {
        if (isLast && attempt === this.#attempts[kind]) this.#set(kind, failed);
      }
      return false;
    }
  }

  #accept(kind: CaptureKind, attempt: number, stream: MediaStream): void {
    const [track] = kind === "camera" ? stream.getVideoTracks() : stream.getAudioTracks();
    if (!track) return;
    if (attempt !== this.#attempts[kind]) {
      track.stop();
      return;
    }
    track.addEventListener("ended", () => {
      const capture = this.#captures[kind];
      if (capture.state === "on" && capture.track === track)
        this.#set(kind, { state: "failed", problem: "unplugged" });
    });
    this.#set(kind, { state: "on", track });
  }

  #set(kind: CaptureKind, capture: Capture): void {
    const previous = this.#captures[kind];
    if (previous.state === "on") previous.track.stop();
    this.#captures = { ...this.#captures, [kind]: capture };
    for (const listener of this.#listeners) listener();
  }
}

/** A device that is gone is no failure: the id is a wish, and the browser falls back to another device. */
export function captureConstraints(wanted: Wanted): MediaStreamConstraints {
  const device = (id: string | undefined) => (id ? { deviceId: id } : {});
  return {
    audio: wanted.microphone !== undefined && {
      ...device(wanted.microphone),
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
    },
    video: wanted.camera !== undefined && {
      ...device(wanted.camera),
      width: { ideal: 1280 },
      height: { ideal: 720 },
      frameRate: { ideal: 30 },
    },
  };
}
