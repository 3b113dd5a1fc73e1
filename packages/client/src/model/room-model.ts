import type { RoomEvent } from "@fairlead/protocol";
import { differenceOf } from "./room-difference.ts";
import { applyEvent, emptyContents, type RoomChange, type RoomContents } from "./room-state.ts";

/**
 * What the node has told of the room. Between `snapshot.started` and `snapshot.ended` the new state is collected aside;
 * then only the difference is reported, so that nothing flickers for what stayed.
 */
export class RoomModel {
  #contents = emptyContents();
  #incoming: RoomContents | null = null;

  get contents(): Readonly<RoomContents> {
    return this.#contents;
  }

  apply(event: RoomEvent): RoomChange[] {
    if (event.name === "snapshot.started") {
      this.#incoming = emptyContents();
      return [];
    }
    if (event.name === "snapshot.ended") return this.#takeSnapshot();
    if (!this.#incoming) return applyEvent(this.#contents, event);
    applyEvent(this.#incoming, event);
    return [];
  }

  #takeSnapshot(): RoomChange[] {
    if (!this.#incoming) return [];
    const changes = differenceOf(this.#contents, this.#incoming);
    this.#contents = this.#incoming;
    this.#incoming = null;
    return [...changes, { type: "snapshot.applied" }];
  }
}
