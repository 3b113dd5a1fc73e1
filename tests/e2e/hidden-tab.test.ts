import type { Browser, Page } from "puppeteer-core";
import puppeteer from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needProgram } from "../setup/programs.ts";
import { type FrameRelay, startFrameRelay } from "../support/frame-relay.ts";
import { bundle } from "../support/sdk-page/sdk-page.ts";
import { type StandaloneProcess, startStandalone } from "../support/start-standalone.ts";

declare global {
  /** When the page's own timer ran last, ms. */
  var lastTickMs: number;
}

const WATCHES = { publish: [], subscribe: true, data: false, moderate: false };
/** The SDK answers what comes after a silence of its own of five seconds. */
const SILENCE_MS = 5_500;
/** Chromium begins to throttle ten seconds after a tab is hidden; its minute may then begin anew. */
const PATIENTLY = { timeout: 40_000 };

// Playwright has every tab believe that it is in front, Puppeteer does not.
describe("a hidden tab that only watches, whose timers run once a minute", () => {
  let server: StandaloneProcess;
  let relay: FrameRelay;
  let browser: Browser;
  let tab: Page;
  beforeAll(async () => {
    server = await startStandalone();
    relay = await startFrameRelay(server.url);
    browser = await puppeteer.launch({
      executablePath: needProgram("chromium"),
      ignoreDefaultArgs: [
        "--disable-background-timer-throttling",
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
      ],
      args: [
        ...["--no-sandbox", "--disable-gpu", "--allow-loopback-in-peer-connection"],
        // As after five minutes in the background.
        "--intensive-wake-up-throttling-policy=1",
        "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1",
      ],
    });
    tab = await browser.newPage();
    await tab.goto(relay.url);
    await tab.addScriptTag({ type: "module", content: await bundle() });
    await tab.waitForFunction(() => window.sdk !== undefined);
    const { ticket } = await server.ticket("hidden", { identity: "ada", grants: WATCHES });
    await tab.evaluate((...to) => window.sdk.enter(...to), relay.url, ticket);
    await tab.evaluate(() => {
      setInterval(() => {
        globalThis.lastTickMs = performance.now();
      }, 200);
    });
    await (await browser.newPage()).bringToFront();
  });
  afterAll(async () => {
    await browser?.close();
    relay?.close();
    await server?.stop();
  });

  const lastTick = () => tab.evaluate(() => globalThis.lastTickMs);
  const stillForMs = () => tab.evaluate(() => performance.now() - globalThis.lastTickMs);

  /** Does `act` once timers stand still; anew if one has run meanwhile after all. */
  async function whileTimersStandStill(act: () => Promise<void>): Promise<void> {
    for (;;) {
      await expect.poll(stillForMs, PATIENTLY).toBeGreaterThan(SILENCE_MS);
      const before = await lastTick();
      await act();
      if ((await lastTick()) === before) return;
    }
  }

  it("answers the sign of life that signaling asks for", async () => {
    await whileTimersStandStill(async () => {
      relay.say({ type: "pong" });
      expect(await relay.next()).toBe("ping");
    });
    expect(await tab.evaluate(() => document.visibilityState)).toBe("hidden");
  });

  it("resumes at once where older signaling, which asks for none, closes its socket", async () => {
    await whileTimersStandStill(async () => {
      relay.cut(4410);
      expect(await relay.next()).toBe("resume");
    });
    await expect
      .poll(() => tab.evaluate(() => window.sdk.facts()[0]))
      .toMatchObject({ state: "connected", moves: [], ended: null });
  });
});
