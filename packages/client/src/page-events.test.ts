import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedRoom } from "./testing/scripted-room.ts";

/** Takes milliseconds; provides for a machine that is busy with other tests. */
const PATIENTLY = { timeout: 10_000 };

let page: EventTarget;
let scripted: ScriptedRoom;

beforeEach(async () => {
  page = new EventTarget();
  vi.stubGlobal("window", page);
  scripted = await ScriptedRoom.join();
});
afterEach(async () => {
  await scripted.close();
  vi.unstubAllGlobals();
});

function hidePage({ persisted }: { persisted: boolean }): void {
  page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted }));
}

async function expectLeaveRequest(epoch: number): Promise<void> {
  const { leaveRequests } = scripted.signaling;
  await vi.waitFor(() => expect(leaveRequests).not.toHaveLength(0), PATIENTLY);
  const authorization = `Bearer session-ticket-of-epoch-${epoch}`;
  expect(leaveRequests).toEqual([{ path: `/v1/sessions/s${epoch}`, authorization }]);
}

describe("a page that goes away for good", () => {
  it("leaves by its WebSocket, and by a request that outlives the page", async () => {
    hidePage({ persisted: false });
    await scripted.told("session.leave");
    await expectLeaveRequest(1);
  });

  it("leaves while its WebSocket is lost", async () => {
    scripted.socket.cut();
    await scripted.nextEvent("connection.changed");
    hidePage({ persisted: false });
    await expectLeaveRequest(1);
  });

  it("leaves the session that it has after a move", async () => {
    await scripted.move();
    hidePage({ persisted: false });
    await expectLeaveRequest(2);
  });
});

describe("a page that may come back", () => {
  it("keeps its session", async () => {
    hidePage({ persisted: true });
    await scripted.room.leave();
    expect(scripted.signaling.leaveRequests).toEqual([]);
  });
});
