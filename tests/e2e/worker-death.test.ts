import { describe, expect, it, onTestFinished } from "vitest";
import { expectMedia, type MediaSide } from "../support/expect-media.ts";
import type { MeetingPage } from "../support/meeting-page.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { useMeetings } from "../support/use-meetings.ts";
import { findWorkerByPort, listWorkers } from "../support/worker-processes.ts";

/** It takes 1 to 3 s, the hang two more, and two are for the sound to be heard; the rest is for a busy machine. */
const BACK_WITHIN_MS = 20_000;
const EVERYTHING = { publish: ["camera", "microphone"], subscribe: true, data: true, moderate: false };

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

  it("dies eight times: apps of its four peers hear of the moves and of nothing else", async () => {
    const tab = await SdkPage.open(meetings.context);
    onTestFinished(() => tab.close());
    const tickets = await Promise.all(
      ["ada", "ben", "cleo", "dee"].map((identity) =>
        meetings.server.ticket(meetings.room, { identity, name: identity, grants: EVERYTHING }),
      ),
    );
    await tab.join(
      meetings.server.url,
      tickets.map(({ ticket }) => ticket),
    );
    await expectMedia(tab, { from: 4 * 3 });
    const before = (await tab.facts()).map(({ heard }) => heard.length);
    const { connections } = await tab.media();
    // Two for each peer, and one that asked the browser what it can, for the whole page.
    expect(connections).toBe(4 * 2 + 1);
    const sinceThen = async () =>
      (await tab.facts()).map(({ heard, others, tracks }, index) => ({
        heard: heard.slice(before[index]),
        others: others.length,
        tracks,
      }));
    for (let deaths = 1; deaths <= 8; deaths += 1) {
      await expect.poll(() => listWorkers(meetings.server.pid).length, { timeout: 10_000 }).toBe(2);
      process.kill(await workerOf(tab), "SIGKILL");
      // All of everybody is back, so there is nothing left whose end an app could hear of later.
      const back = { heard: Array(deaths).fill("room.moved"), others: 3, tracks: 3 * 2 };
      await expect.poll(sinceThen, { timeout: BACK_WITHIN_MS }).toEqual(Array(4).fill(back));
    }
    await expectMedia(tab, { from: 4 * 3, sinceConnection: connections + 7 * 8, withinMs: BACK_WITHIN_MS });
  });

  async function workerOf(tab: MediaSide | undefined): Promise<number> {
    const port = async () => (await tab?.media())?.remotePorts[0];
    await expect.poll(port, { timeout: 10_000, message: "a candidate pair in use" }).toBeDefined();
    return findWorkerByPort(meetings.server.pid, (await port()) ?? 0);
  }
});
