import { type BroadcastRecord, FairleadError } from "@fairlead/protocol";
import { expect, it, vi } from "vitest";
import type { Peer } from "../room/peer.ts";
import type { Viewer } from "../room/viewer.ts";
import { KEY_HASH } from "./testing/record-of.ts";
import { setUpBroadcast } from "./testing/set-up-broadcast.ts";

const watch = (peerId: string) =>
  ({ peerId, isViewer: true, session: { send: () => {} } }) as unknown as Peer;

it("goes live with its publisher's first media, is interrupted without it, and goes on when it comes back", async () => {
  const { broadcast, clock, publish, states, written } = await setUpBroadcast();
  const first = await publish(broadcast);
  expect(broadcast.state).toBe("created");
  first.source.send();
  await broadcast.tick();
  expect(await written()).toMatchObject({ state: "live", run: 7, startedAtMs: clock.ms });
  expect(broadcast.counts.publisher).toMatchObject({ kind: "whip", bitrateBps: 8_000, lossRatio: 0.25 });
  broadcast.release(first.holder);
  expect(broadcast.state).toBe("interrupted");
  clock.ms += 3_000;
  const second = await publish(broadcast);
  second.source.send();
  await broadcast.tick();
  expect(await written()).toMatchObject({ state: "live", run: 8, interruptedAtMs: null });
  expect(states()).toEqual(["live", "interrupted", "live"]);
});

it("ends when its publisher has not come back within the grace time: viewers are told, then freed", async () => {
  const { broadcast, clock, publish, room, states, removed, written, isEnded } = await setUpBroadcast({
    graceMs: 10_000,
  });
  const { source, holder } = await publish(broadcast);
  source.send();
  await broadcast.tick();
  room.audience.set(watch("ann"));
  broadcast.release(holder);
  clock.ms += 10_001;
  await broadcast.tick();
  await expect.poll(isEnded).toBe(true);
  expect(states()).toEqual(["live", "interrupted", "ended"]);
  expect(removed).toEqual([{ peerId: "ann", code: "broadcast_ended" }]);
  expect(await written()).toMatchObject({ state: "ended", endedAtMs: clock.ms, peakViewers: 1 });
  expect(() => broadcast.gate.assertOpen()).toThrow(expect.objectContaining({ code: "broadcast_ended" }));
});

it("media that stops while its session stands is an interruption too", async () => {
  const { broadcast, clock, publish } = await setUpBroadcast();
  const { source, closed } = await publish(broadcast);
  source.send();
  await broadcast.tick();
  clock.ms += 5_001;
  await broadcast.tick();
  expect(broadcast.state).toBe("interrupted");
  source.send();
  await broadcast.tick();
  expect(broadcast.state).toBe("live");
  clock.ms += 30_001;
  await broadcast.tick();
  expect(closed).toEqual(["silent"]);
});

it("one publisher: a second is refused while media comes, and takes over two seconds after", async () => {
  const { broadcast, clock, publish, states } = await setUpBroadcast();
  const first = await publish(broadcast);
  first.source.send();
  await expect(publish(broadcast)).rejects.toMatchObject({ code: "publisher_active", retryAfterMs: 2_000 });
  clock.ms += 1_500;
  await expect(publish(broadcast)).rejects.toMatchObject({ code: "publisher_active", retryAfterMs: 500 });
  clock.ms += 500;
  const [second, third] = await Promise.allSettled([publish(broadcast), publish(broadcast)]);
  expect([second.status, third.status]).toEqual(["fulfilled", "rejected"]);
  expect(first.closed).toEqual(["replaced"]);
  // The one that was replaced is gone for good, and its end interrupts nothing.
  broadcast.release(first.holder);
  expect(states()).not.toContain("interrupted");
});

it("what is published before the start is a preview: viewers see it from the start on", async () => {
  const { broadcast, clock, publish, room } = await setUpBroadcast({ startsAtMs: 1_060_000 });
  const { source } = await publish(broadcast);
  source.send();
  await broadcast.tick();
  expect([broadcast.state, room.audience.isRevealed]).toEqual(["created", false]);
  expect(() => broadcast.gate.assertLive()).toThrow(
    expect.objectContaining({ code: "broadcast_not_live", retryAfterMs: 60_000 }),
  );
  clock.ms = 1_060_000;
  source.send();
  await broadcast.tick();
  expect([broadcast.state, room.audience.isRevealed]).toEqual(["live", true]);
});

it("an heir goes on where the home before it died: live for a publisher that follows, else interrupted", async () => {
  const { broadcast, clock, publish, make, written } = await setUpBroadcast();
  const { source } = await publish(broadcast);
  source.send();
  await broadcast.tick();
  broadcast.stop();
  const heir = make(await written());
  clock.ms += 2_000;
  await heir.tick();
  expect(heir.state).toBe("live");
  clock.ms += 1_001;
  await heir.tick();
  expect(await written()).toMatchObject({ state: "interrupted", interruptedAtMs: clock.ms });
});

it("ends at its end, and when the API has ended or removed it", async () => {
  const atItsEnd = await setUpBroadcast({ endsAtMs: 1_000_500 });
  atItsEnd.clock.ms += 500;
  await atItsEnd.broadcast.tick();
  expect(await atItsEnd.written()).toMatchObject({ state: "ended", endedAtMs: 1_000_500 });

  const byApi = await setUpBroadcast();
  const record = { ...byApi.broadcast.record, revision: 2, state: "ended" as const, endedAtMs: 5 };
  byApi.broadcast.note(record);
  expect([byApi.broadcast.record.endedAtMs, byApi.states()]).toEqual([5, ["ended"]]);

  const removed = await setUpBroadcast();
  const known = { bans: [{ identity: "eve", ticketIds: [] }], mutes: [] };
  await removed.registry.updateRoom("show", { restore: known });
  await removed.registry.updateRoom("show", { broadcast: { write: null, ifRevision: 1 } });
  const { source } = await removed.publish(removed.broadcast);
  source.send();
  await expect.poll(removed.isEnded).toBe(true);
});

it("keeps what the API has changed meanwhile, and the API keeps what the home says", async () => {
  const { broadcast, registry, publish, written, told } = await setUpBroadcast();
  const changed = { ...broadcast.record, revision: 2, title: "Later" };
  await registry.updateRoom("show", { broadcast: { write: changed, ifRevision: 1 } });
  const { source } = await publish(broadcast);
  source.send();
  await broadcast.tick();
  await expect.poll(written).toMatchObject({ title: "Later", state: "live" });
  expect(told.at(-1)).toMatchObject({ name: "broadcast.changed", data: { title: "Later" } });
});

it("bounds its viewers, and knows the most that there were", async () => {
  const { broadcast, clock, room, told, written } = await setUpBroadcast({ maxViewers: 2 });
  const [ann, bob] = [watch("ann"), watch("bob")];
  for (const viewer of [ann, bob]) {
    broadcast.gate.assertTakesViewer();
    room.audience.set(viewer);
  }
  expect(() => broadcast.gate.assertTakesViewer()).toThrow(expect.objectContaining({ code: "viewer_limit" }));
  await broadcast.tick();
  room.audience.delete(bob);
  clock.ms += 5_000;
  await broadcast.tick();
  const counts = told.flatMap((event) => (event.name === "viewers.counted" ? [event.data.viewers] : []));
  expect([counts, broadcast.counts.peakViewers]).toEqual([[2, 1], 2]);
  await expect.poll(written).toMatchObject({ peakViewers: 2 });
});

it("knows its keys by their hashes alone, and reads its record again before it refuses one", async () => {
  const { broadcast, registry } = await setUpBroadcast();
  await broadcast.gate.proveKey(KEY_HASH);
  const refusal = { code: "stream_key_invalid" };
  await expect(broadcast.gate.proveKey("1".repeat(64))).rejects.toMatchObject(refusal);
  const rotated = {
    ...broadcast.record,
    revision: broadcast.record.revision + 1,
    keyHashes: ["1".repeat(64)],
  };
  await registry.updateRoom("show", { broadcast: { write: rotated, ifRevision: broadcast.record.revision } });
  await broadcast.gate.proveKey("1".repeat(64));
  await expect(broadcast.gate.proveKey(KEY_HASH)).rejects.toMatchObject(refusal);
});

it("a registry that was flushed is written to once it has the record back", async () => {
  const { broadcast, registry, publish, written } = await setUpBroadcast();
  const before = broadcast.record;
  await registry.updateRoom("show", { broadcast: { write: null, ifRevision: 1 } });
  const { source } = await publish(broadcast);
  source.send();
  await broadcast.tick();
  await registry.updateRoom("show", { restore: { bans: [], mutes: [], broadcast: before } });
  await expect
    .poll(written, { timeout: 3_000 })
    .toMatchObject({ state: "live", run: 7, keyHashes: before.keyHashes });
});

it("hears within half a minute of what the API said when nobody told it: an end, and that it is private now", async () => {
  const { broadcast, registry, clock, room } = await setUpBroadcast({ visibility: "public" });
  const close = vi.fn();
  room.viewers.set("v", { identity: null, close } as unknown as Viewer);
  const change = async (words: Partial<BroadcastRecord>) => {
    const { revision } = broadcast.record;
    const write = { ...broadcast.record, ...words, revision: revision + 1 };
    await registry.updateRoom("show", { broadcast: { write, ifRevision: revision } });
    clock.ms += 30_001;
    await broadcast.tick();
  };
  await change({ visibility: "private" });
  await expect.poll(() => close.mock.calls.length).toBe(1);
  await change({ state: "ended", endedAtMs: 5 });
  await expect.poll(() => broadcast.record).toMatchObject({ state: "ended", endedAtMs: 5 });
});

it("two producers of one peer at once are one publisher", async () => {
  const { broadcast } = await setUpBroadcast();
  const observer = { once: () => {} };
  const ann = {
    ...{ peerId: "ann", identity: "ann", ticketId: "t", isClosed: false, producers: new Map() },
    ...{ session: { sessionId: "s" }, transports: { receive: { observer } } },
  } as unknown as Peer;
  await Promise.all([broadcast.admitPublisher(ann), broadcast.admitPublisher(ann)]);
  await broadcast.admitPublisher(ann);
  expect(broadcast.counts.publisher?.kind).toBe("sdk");
});

it("a clock that is set back neither keeps a lost publisher live nor its successor out", async () => {
  const { broadcast, wall, clock, publish } = await setUpBroadcast();
  const { source } = await publish(broadcast);
  source.send();
  await broadcast.tick();
  wall.offsetMs = -600_000;
  clock.ms += 5_001;
  await broadcast.tick();
  expect(broadcast.state).toBe("interrupted");
  await publish(broadcast);
});

it("a home whose clock is ahead of the one before gives a lost publisher its grace time", async () => {
  const { make, written, clock } = await setUpBroadcast({
    state: "interrupted",
    interruptedAtMs: 1,
    graceMs: 10_000,
  });
  const heir = make(await written());
  await heir.tick();
  expect(heir.state).toBe("interrupted");
  clock.ms += 10_001;
  await heir.tick();
  expect(heir.state).toBe("ended");
});

it("words that the registry would not take under an old epoch are said again", async () => {
  const { broadcast, registry, publish, written } = await setUpBroadcast();
  const update = vi.spyOn(registry, "updateRoom").mockRejectedValueOnce(new FairleadError("lease_lost"));
  const { source } = await publish(broadcast);
  source.send();
  await broadcast.tick();
  await expect.poll(written, { timeout: 3_000 }).toMatchObject({ state: "live" });
  expect(update.mock.calls.length).toBeGreaterThan(1);
});

it("tells the hook that its publisher is done as its room goes elsewhere, once, before the next home asks anew", async () => {
  const { broadcast, publish, done } = await setUpBroadcast();
  const { holder } = await publish(broadcast);
  broadcast.stop();
  expect(done).toEqual([holder.facts]);
  broadcast.release(holder);
  expect(done).toHaveLength(1);
});

it("takes nobody once its room has gone: the hook that allowed it is told so", async () => {
  const { broadcast, publish, done } = await setUpBroadcast();
  const late = publish(broadcast);
  broadcast.stop();
  await expect(late).rejects.toMatchObject({ code: "lease_lost" });
  expect(done).toHaveLength(1);
});
