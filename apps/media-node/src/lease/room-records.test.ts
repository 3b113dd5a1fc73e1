import { FairleadError, RoomOptions } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { Bans } from "../room/bans.ts";
import { Mutes } from "../room/mutes.ts";
import type { Room } from "../room/room.ts";
import { RoomRecords } from "./room-records.ts";

const BAN = { ban: { identity: "bob", ticketId: "b" } };

/** Writes fail while it is cut. */
function linkTo(registry: Registry) {
  const link = { isCut: false };
  const updateRoom: Registry["updateRoom"] = async (roomId, patch) => {
    if (link.isCut) throw new FairleadError("registry_unreachable");
    return registry.updateRoom(roomId, patch);
  };
  const turn = (isCut: boolean) => {
    link.isCut = isCut;
  };
  const linked = { ...registry, updateRoom } as Registry;
  return { registry: linked, cut: () => turn(true), restore: () => turn(false) };
}

function setUp() {
  const registry = createMemoryRegistry();
  const link = linkTo(registry);
  const records = new RoomRecords(link.registry, silentLogger);
  const bans = new Bans();
  const noteRecord: Room["noteRecord"] = (record) => bans.noteRecord(record);
  const room = {
    roomId: "one",
    bans,
    mutes: new Mutes([{ identity: "ann", source: "camera" }]),
    options: RoomOptions.parse({ maxPeers: 9 }),
    noteRecord,
    router: { closed: false },
  } as unknown as Room;
  const record = async () => (await registry.describeRoom("one")) ?? expect.fail("no record");
  return { registry, link, records, room, record };
}

it("acts that wait for the registry are written in their order", async () => {
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

it("a patch that can't be written although the registry answers is given up, and does not hold up the rest", async () => {
  const { registry, record } = setUp();
  const errors: string[] = [];
  const log = { ...silentLogger, error: (event: string) => void errors.push(event) };
  const update = registry.updateRoom.bind(registry);
  registry.updateRoom = async (roomId, patch) => {
    if (patch.ban?.identity === "poison") throw new FairleadError("registry_unreachable");
    return update(roomId, patch);
  };
  const records = new RoomRecords(registry, log);
  await records.write("one", { ban: { identity: "poison" } });
  await records.write("one", BAN);
  for (let beat = 0; beat < 60; beat += 1) await records.catchUp();
  expect(errors).toEqual(["room.record_lost"]);
  await records.catchUp();
  expect(await record()).toMatchObject({ bannedIdentities: ["bob"] });
});

it("only the last act on a source waits for the registry, and the queue stays short", async () => {
  const { registry, link, records, record } = setUp();
  link.cut();
  const mute = { identity: "ann", source: "camera" } as const;
  for (let turn = 0; turn < 1_500; turn += 1)
    await records.write("one", { mute: { ...mute, muted: turn % 2 === 0 } });
  await records.write("one", { mute: { ...mute, source: "screen", muted: true } });
  link.restore();
  const written: unknown[] = [];
  const update = registry.updateRoom.bind(registry);
  registry.updateRoom = (roomId, patch) => {
    written.push(patch.mute);
    return update(roomId, patch);
  };
  await records.catchUp();
  expect(written).toEqual([
    { ...mute, muted: false },
    { ...mute, source: "screen", muted: true },
  ]);
  expect((await record()).mutes).toEqual([{ ...mute, source: "screen" }]);
});

it("what is known of a room whose record was lost is told once the registry answers, but for what was lifted meanwhile", async () => {
  const { registry, link, records, room, record } = setUp();
  room.bans.add(BAN.ban);
  room.bans.add({ identity: "eve", ticketId: "e" });
  await registry.updateRoom("one", { unban: { identity: "eve" } });
  link.cut();
  records.restore(room);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await record()).toMatchObject({ isPartial: true, bans: [] });
  link.restore();
  await records.catchUp();
  await expect.poll(async () => (await record()).isPartial).toBe(false);
  expect(await record()).toMatchObject({
    bans: [{ identity: "bob", ticketIds: ["b"] }],
    mutes: [{ identity: "ann", source: "camera" }],
    options: { maxPeers: 9 },
  });
});
