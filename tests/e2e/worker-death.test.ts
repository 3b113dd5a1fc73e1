import { describe, expect, it } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import type { MeetingPage } from "../support/meeting-page.ts";
import { useMeetings } from "../support/use-meetings.ts";
import { findWorkerByPort, listWorkers } from "../support/worker-processes.ts";

/** It takes 1 to 3 s, the hang two more, and two are for the sound to be heard; the rest is for a busy machine. */
const BACK_WITHIN_MS = 20_000;

describe("a room whose worker", () => {
  const meetings = useMeetings();

  it.each([
    ["dies (SIGKILL)", "SIGKILL"],
    ["hangs (SIGSTOP)", "SIGSTOP"],
  ] as const)("%s comes back on another core by itself", async (_, signal) => {
    const tabs = [await meetings.join("Ada"), await meetings.join("Ben"), await meetings.join("Cleo")];
    await Promise.all(tabs.map((tab) => expectMedia(tab, { from: 2 })));
    const before = await meetings.server.room(meetings.room);
    const connections = await Promise.all(tabs.map(async (tab) => (await tab.media()).connections));

    const worker = await workerOf(tabs[0]);
    process.kill(worker, signal);
    const back = (tab: MeetingPage, index: number) =>
      expectMedia(tab, { from: 2, sinceConnection: connections[index], withinMs: BACK_WITHIN_MS });
    await Promise.all(tabs.map(back));

    const after = await meetings.server.room(meetings.room);
    expect(after.placement?.epoch).toBeGreaterThan(before.placement?.epoch ?? 0);
    expect(after.placement?.core).not.toBe(before.placement?.core);
    expect(after.peers).toBe(3);
    await expect.poll(() => listWorkers(meetings.server.pid).length, { timeout: 10_000 }).toBe(2);
    expect(listWorkers(meetings.server.pid)).not.toContain(worker);
  });

  async function workerOf(tab: MeetingPage | undefined): Promise<number> {
    const port = (await tab?.media())?.remotePorts[0];
    if (port === undefined) throw new Error("no candidate pair in use");
    return findWorkerByPort(meetings.server.pid, port);
  }
});
