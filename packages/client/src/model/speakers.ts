import type { RoomEvents } from "../api/events.ts";
import type { TypedEmitter } from "../typed-emitter.ts";

type State = RoomEvents["speakers.changed"];

/** Puts together who speaks and how loud, which the node tells apart. */
export class Speakers {
  readonly #emitter: TypedEmitter<RoomEvents>;
  #state: State = { dominantPeerId: null, levels: [] };

  constructor(emitter: TypedEmitter<RoomEvents>) {
    this.#emitter = emitter;
  }

  update(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    this.#emitter.emit("speakers.changed", this.#state);
  }
}
