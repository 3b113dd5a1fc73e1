import { RoomId } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { generateRoomName, toRoomId } from "./room-name.ts";

describe("room names", () => {
  it.each([0, 0.5, 0.999_999])("are generated as valid room ids (random %f)", (value) => {
    const name = generateRoomName(() => value);
    expect(name).toMatch(/^[a-z]+-[a-z]+-\d{4}$/);
    expect(RoomId.safeParse(name).success).toBe(true);
  });

  it.each([
    ["weekly_standup-7", "weekly_standup-7"],
    ["  Weekly stand-up! ", "Weekly-stand-up"],
    ["Café à côté", "Cafe-a-cote"],
    ["a/b?c=d", "a-b-c-d"],
    ["日本", ""],
    ["  ", ""],
  ])("as typed (%j) become %j", (typed, roomId) => {
    expect(toRoomId(typed)).toBe(roomId);
  });

  it("are cut to the length of a room id", () => {
    expect(RoomId.safeParse(toRoomId("long name ".repeat(20))).success).toBe(true);
  });
});
