import type { Grants, RoomEvent } from "@fairlead/protocol";
import { differenceOf } from "./room-difference.ts";
import { applyEvent, emptyContents, type RoomChange, type RoomContents } from "./room-state.ts";

/**
 * What the node has told of the room. Between `snapshot.started` and `snapshot.ended` the new state is collected aside;
 * then only the difference is reported, so that nothing flickers for what stayed.
 */
export class RoomModel {
  #contents = emptyContents();
  #incoming: { contents: RoomContents; peerId: string; grants: Grants } | null = null;

  get contents(): Readonly<RoomContents> {
    return this.#contents;
  }

  apply(event: RoomEvent): RoomChange[] {
    if (event.name === "snapshot.started") {
      this.#incoming = { contents: emptyContents(), ...event.data };
      return [];
    }
    if (event.name === "snapshot.ended") return this.#takeSnapshot();
    if (!this.#incoming) return applyEvent(this.#contents, event);
    applyEvent(this.#incoming.contents, event);
    return [];
  }

  #takeSnapshot(): RoomChange[] {
    if (!this.#incoming) return [];
    const { contents, peerId, grants } = this.#incoming;
    for (const producer of contents.producers.values()) {
      if (producer.peerId === peerId && producer.muted) contents.locks.add(producer.source);
    }
    const changes = differenceOf(this.#contents, contents);
    this.#contents = contents;
    this.#incoming = null;
    return [{ type: "grants.changed", grants }, ...changes, { type: "snapshot.applied" }];
  }
}
