import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import {
  longestFrame,
  publishTone,
  recordTone,
  recordWhile,
  soundGaps,
  TONE_BROWSER,
} from "../support/tone-meeting.ts";

let cluster: MemoryCluster;
let chromium: Chromium;
beforeAll(async () => {
  cluster = await startMemoryCluster({ nodes: 2, cores: 1 });
  chromium = await launchChromium(TONE_BROWSER);
});
afterAll(async () => {
  await chromium?.close();
  expect(cluster.bugs).toEqual([]);
  await cluster?.close();
});

it("a drain", { timeout: 300_000 }, async () => {
  const room = cluster.newRoom();
  const [ann, bob] = [await SdkPage.open(chromium.context), await SdkPage.open(chromium.context)];
  await ann.enter(cluster.url, await cluster.ticket(room, "ann"));
  await publishTone(ann.page);
  await bob.enter(cluster.url, await cluster.ticket(room, "bob"));
  await bob.page.bringToFront();
  await expect.poll(async () => (await bob.facts())[0]?.tracks).toBe(2);
  await recordTone(bob.page);
  await bob.page.waitForTimeout(3_000);
  for (let round = 0; round < Number(process.env.ROUNDS ?? 3); round++) {
    const before = (await bob.facts())[0]?.heard.length;
    const twin = await recordWhile(bob.page, 4_000);
    const from = await cluster.nodeOf(room);
    let drainedMs = 0;
    const t0 = performance.now();
    const move = await recordWhile(bob.page, 4_000, async () => {
      await new Promise((r) => setTimeout(r, 300));
      await from.drain({ deadlineMs: 20_000 });
      drainedMs = performance.now() - t0;
    });
    from.undrain();
    const p = move.peaks.length * 5;
    console.log(
      JSON.stringify({
        round,
        drainedMs: Math.round(drainedMs),
        twin: { s: soundGaps(twin), v: Math.round(longestFrame(twin)), n: twin.frames.length },
        move: { s: soundGaps(move), v: Math.round(longestFrame(move)), n: move.frames.length, p },
        heard: (await bob.facts())[0]?.heard.slice(before),
      }),
    );
    await bob.page.waitForTimeout(1_000);
  }
});
