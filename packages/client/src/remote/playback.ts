import type { RoomEvents } from "../api/events.ts";
import type { TypedEmitter } from "../typed-emitter.ts";

type Playable = Pick<HTMLMediaElement, "play">;

/** Starts media elements, and knows which of them the browser holds back until the user has clicked. */
export class Playback {
  readonly #emitter: TypedEmitter<RoomEvents>;
  readonly #held = new Set<Playable>();

  constructor(emitter: TypedEmitter<RoomEvents>) {
    this.#emitter = emitter;
  }

  get canPlay(): boolean {
    return this.#held.size === 0;
  }

  async play(element: Playable): Promise<void> {
    try {
      await element.play();
      this.#release(element);
    } catch (error) {
      // An AbortError means that the element was given something else, and that will be played.
      if (error instanceof Error && error.name === "NotAllowedError") this.#hold(element);
    }
  }

  forget(element: Playable): void {
    this.#release(element);
  }

  /** To be called from a user's gesture. */
  async startAll(): Promise<void> {
    await Promise.all([...this.#held].map((element) => this.play(element)));
  }

  #hold(element: Playable): void {
    const wasAllowed = this.canPlay;
    this.#held.add(element);
    if (wasAllowed) this.#emitter.emit("playback.blocked", {});
  }

  #release(element: Playable): void {
    if (this.#held.delete(element) && this.canPlay) this.#emitter.emit("playback.allowed", {});
  }
}
