import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { linkRegistry } from "../../../../tests/support/links.ts";
import { Bans } from "../room/bans.ts";
import type { Room } from "../room/room.ts";
import { RoomRecords } from "./room-records.ts";

const BAN = { ban: { identity: "bob", ticketId: "b" } };

function setUp() {
  const registry = createMemoryRegistry();
  const link = linkRegistry(registry);
  const records = new RoomRecords(link.registry, silentLogger);
  const bans = new Bans();
  const noteRecord: Room["noteRecord"] = (record) => bans.noteRecord(record);
  const room = { roomId: "one", bans, noteRecord, router: { closed: false } } as unknown as Room;
  const record = async () => (await registry.describeRoom("one")) ?? expect.fail("no record");
  return { registry, link, records, room, record };
}

it("what waits for the registry is written in the order in which it was done", async () => {
  const { link, records, record } = setUp();
  link.cut();
  await records.write("one", { mute: { identity: "ann", source: "camera", muted: true } });
  link.restore();
  await records.write("one", { mute: { identity: "ann", source: "camera", muted: false } });
  await records.catchUp();
  expect((await record()).mutes).toEqual([]);
});

it("a ban that waits does not outlive the unban that came after it", async () => {
  const { registry, link, records, room, record } = setUp();
  link.cut();
  room.bans.add(BAN.ban);
  await records.write("one", BAN);
  // Signaling reaches the registry already.
  await registry.updateRoom("one", { unban: { identity: "bob" } });
  link.restore();
  await records.unban(room, "bob");
  await records.catchUp();
  expect(await record()).toMatchObject({ bannedIdentities: [], bannedTicketIds: [] });
  expect(room.bans.has(BAN.ban)).toBe(false);
});
