import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../browser/launch-browser.ts";
import { watchFrames } from "../browser/watch-frames.ts";
import { countRoundTrips } from "./count-round-trips.ts";

declare global {
  interface Window {
    /** When Join was clicked, ms since 1970. */
    clickedAtMs: number | undefined;
  }
}

export type FirstFrames = { firstFrameMs: number[]; roundTrips: number };

const FRAME_TIMEOUT_MS = 30_000;

/**
 * Joins by the real page while another tab publishes: from the click on Join to the first decoded frame of the other's
 * camera. Each join is a fresh load of a page that has been there before: its capabilities are cached.
 */
export async function measureFirstFrames({ url }: { url: string }, count: number): Promise<FirstFrames> {
  const browser = await launchBrowser();
  try {
    await join(await openPage(browser, url, "publisher"));
    const page = await openPage(browser, url, "joiner");
    await join(page);
    await firstFrame(page);
    const firstFrameMs: number[] = [];
    const roundTrips = new Set<number>();
    for (let turn = 0; turn < count; turn++) {
      await page.reload();
      const counted = countRoundTrips(page);
      await join(page);
      firstFrameMs.push(await firstFrame(page));
      roundTrips.add(counted());
    }
    // Every join of the same page goes the same way; if not, the worst one is told.
    return { firstFrameMs, roundTrips: Math.max(...roundTrips) };
  } finally {
    await browser.close();
  }
}

async function openPage(browser: Browser, url: string, name: string): Promise<Page> {
  const context = await browser.newContext({ permissions: ["camera", "microphone"] });
  const page = await context.newPage();
  await page.addInitScript(watchFrames);
  await page.addInitScript(noteClick);
  await page.goto(`${url}/?room=first-frame`);
  await page.getByLabel("Your name").fill(name);
  return page;
}

async function join(page: Page): Promise<void> {
  // The preview's camera is open by then, as it is when a person clicks.
  await page.locator("video").first().waitFor();
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("button", { name: /leave/i }).first().waitFor();
}

async function firstFrame(page: Page): Promise<number> {
  const ms = await page.waitForFunction(
    () => {
      const [first] = window.firstFrames;
      return first && window.clickedAtMs !== undefined && first.atMs - window.clickedAtMs;
    },
    null,
    { timeout: FRAME_TIMEOUT_MS },
  );
  return Number(await ms.jsonValue());
}

function noteClick(): void {
  addEventListener(
    "click",
    ({ target }) => {
      if (target instanceof Element && target.closest("button[type=submit]"))
        window.clickedAtMs = performance.timeOrigin + performance.now();
    },
    { capture: true },
  );
}
