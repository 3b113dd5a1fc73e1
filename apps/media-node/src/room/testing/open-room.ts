import { createMemoryBus } from "@fairlead/bus/memory";
import { RoomOptions } from "@fairlead/protocol";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { expect, onTestFinished } from "vitest";
import { isOwned } from "../../ledger/is-owned.ts";
import { LOOPBACK } from "../pipe-end.ts";
import { Room } from "../room.ts";
import type { useTwoCores } from "./use-two-cores.ts";

/** A room on two cores without anybody. When the test is over it is closed, and nothing of it may be left. */
export async function openRoom(cores: ReturnType<typeof useTwoCores>, options: Partial<RoomOptions> = {}) {
  const { ledger, openSeat, expectAgreement } = cores;
  const clock = { nowMs: 0 };
  const lease = { roomId: "r", nodeId: "n", incarnation: "i", core: 0, epoch: 1 };
  const settings = { lease, options: RoomOptions.parse(options), mutes: [] };
  const room = new Room(settings, await openSeat(0), {
    bus: createMemoryBus(),
    log: silentLogger,
    metrics: noMetrics,
    now: () => clock.nowMs,
    record: async () => {},
    iceServersFor: () => [],
    budgetOf: () => expect.fail("nobody is charged"),
    forgetSpent: () => {},
    openSeat,
    pipeReach: LOOPBACK,
  });
  onTestFinished(async () => {
    room.close("room_closed", "the test is over");
    await expectAgreement([]);
    expect(ledger.entries().map(({ kind }) => kind)).toEqual(["webrtc_server", "webrtc_server"]);
  });
  const owners = { roomsOf: () => [room], webRtcServerId: () => undefined };
  const surplus = () =>
    ledger.entries().filter((entry) => entry.kind !== "webrtc_server" && !isOwned(entry, owners));
  return { room, clock, surplus, home: room.span.home, guest: await room.span.seatOn(1) };
}
