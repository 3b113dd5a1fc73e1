import { describe, expect, it } from "vitest";
import { RoomEvent } from "./events.ts";

describe("RoomEvent", () => {
  it("of a newer node is handed on as it is", () => {
    const event = { name: "peer.waved", data: { hands: 2 } };
    expect(RoomEvent.parse(event)).toEqual(event);
  });

  it("that this process knows has the data that belongs to it", () => {
    expect(RoomEvent.safeParse({ name: "peer.left", data: { hands: 2 } }).success).toBe(false);
  });
});
