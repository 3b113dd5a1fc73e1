import { expect, vi } from "vitest";
import type { SdpPage } from "./sdp-page.ts";

const LOOK_MS = 300;

/** Holds once frames go on arriving at the page. */
export async function expectPictures(page: SdpPage): Promise<void> {
  const look = async () => {
    const before = await page.frames();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    expect(await page.frames()).toBeGreaterThan(before);
  };
  await vi.waitFor(look, { timeout: 30_000, interval: 100 });
}
