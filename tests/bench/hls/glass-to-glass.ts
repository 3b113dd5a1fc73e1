import { setTimeout as pause } from "node:timers/promises";
import type { BrowserContext, Page } from "playwright-core";
import { BLOCK, type CountedPush, type SentFrame } from "../rtmp/counted-stream.ts";
import type { ShownFrame } from "./hls-page.ts";

/** `standstills`: how often a picture came more than `GAP_MS` after the one before it. */
export type Watched = { agesMs: number[]; standstills: number; playerLatencyMs: number; errors: string[] };

type Watching = { context: BrowserContext; pageUrl: string; playlist: string; push: CountedPush };

const GAP_MS = 300;
const LOOK_MS = 250;
const FIRST_PICTURE_MS = 30_000;

/** A page plays the playlist by hls.js. @returns How old each picture was when it was shown. */
export async function watch(
  { context, pageUrl, playlist, push }: Watching,
  { isLowLatency, seconds }: { isLowLatency: boolean; seconds: number },
): Promise<Watched> {
  const page = await context.newPage();
  try {
    await page.goto(pageUrl);
    await page.waitForFunction(() => typeof window.watchHls === "function");
    await page.evaluate((watching) => window.watchHls(watching), {
      url: playlist,
      isLowLatency,
      block: BLOCK,
    });
    const first = await untilShown(page);
    const shown = [...first];
    const agesMs = first.flatMap((frame) => ageOf(frame, push.sent()));
    const untilMs = performance.now() + seconds * 1_000;
    while (performance.now() < untilMs) {
      await pause(LOOK_MS);
      const taken = await page.evaluate(() => window.takeShown());
      shown.push(...taken);
      // At once: the sent ones are kept for ten seconds alone.
      agesMs.push(...taken.flatMap((frame) => ageOf(frame, push.sent())));
    }
    const { playerLatencyMs, errors } = await page.evaluate(() => ({
      playerLatencyMs: window.hlsLatencyMs(),
      errors: window.hlsErrors,
    }));
    return { agesMs, standstills: standstillsIn(shown), playerLatencyMs, errors };
  } finally {
    await page.close();
  }
}

/** @throws {Error} No picture came: with what hls.js says. */
async function untilShown(page: Page): Promise<ShownFrame[]> {
  const untilMs = performance.now() + FIRST_PICTURE_MS;
  while (performance.now() < untilMs) {
    const shown = await page.evaluate(() => window.takeShown());
    if (shown.length > 0) return shown;
    await pause(LOOK_MS);
  }
  const errors = await page.evaluate(() => window.hlsErrors);
  throw new Error(`no picture within ${FIRST_PICTURE_MS} ms: ${errors.join(", ") || "hls.js says nothing"}`);
}

/** Numbers come again: of the frames that bear it, it is the last that was sent before. Empty: none was. */
export function ageOf({ counter, atMs }: ShownFrame, sent: readonly SentFrame[]): number[] {
  const frame = sent.findLast((each) => each.counter === counter && each.atMs <= atMs);
  return frame ? [atMs - frame.atMs] : [];
}

export function standstillsIn(shown: readonly ShownFrame[]): number {
  return shown.filter(({ atMs }, index) => atMs - (shown[index - 1]?.atMs ?? atMs) > GAP_MS).length;
}
