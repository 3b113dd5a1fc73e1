import type { RoomEvent } from "@fairlead/protocol";
import { differenceOf } from "./room-difference.ts";
import { applyEvent, emptyContents, type RoomChange, type RoomContents } from "./room-state.ts";

/**
 * Knows what the node has told of the room. Between `snapshot.started` and `snapshot.ended` it collects the new state aside,
 * and then reports only the difference, so that nothing flickers for those who stayed.
 */
export class RoomModel {
  #contents = emptyContents();
  #incoming: RoomContents | null = null;
  #awaitsSnapshot = false;

  get contents(): Readonly<RoomContents> {
    return this.#contents;
  }

  /**
   * A new session tells everything anew. Older nodes may send events before its snapshot: they belong to the new state, and must
   * not be mixed with that of the last session.
   */
  startSession(): void {
    this.#incoming = emptyContents();
    this.#awaitsSnapshot = true;
  }

  apply(event: RoomEvent): RoomChange[] {
    if (event.name === "snapshot.started") {
      if (!this.#awaitsSnapshot) this.#incoming = emptyContents();
      this.#awaitsSnapshot = false;
      return [];
    }
    if (event.name === "snapshot.ended") return this.#takeSnapshot();
    if (!this.#incoming) return applyEvent(this.#contents, event);
    applyEvent(this.#incoming, event);
    return [];
  }

  #takeSnapshot(): RoomChange[] {
    if (!this.#incoming) return [];
    // A broadcast's room stays one, also where a snapshot does not tell.
    this.#incoming.broadcast ??= this.#contents.broadcast;
    this.#incoming.viewerCount ??= this.#contents.viewerCount;
    const changes = differenceOf(this.#contents, this.#incoming);
    this.#contents = this.#incoming;
    this.#incoming = null;
    return [...changes, { type: "snapshot.applied" }];
  }
}
