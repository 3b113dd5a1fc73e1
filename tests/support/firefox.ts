import { type Browser, launch, type Page } from "puppeteer-core";
import { needProgram } from "../setup/programs.ts";
import { installRtcProbe, type RtcSample } from "./rtc-probe.ts";

export type Firefox = { browser: Browser; close(): Promise<void> };

/** Firefox with a fake camera and microphone, over WebDriver BiDi. Makes a fresh profile by itself. */
export async function launchFirefox(): Promise<Firefox> {
  const executablePath = needProgram("firefox");
  const browser = await launch({
    browser: "firefox",
    executablePath,
    headless: true,
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
      "media.autoplay.default": 0,
      // A machine without a network has loopback only.
      "media.peerconnection.ice.loopback": true,
      "media.peerconnection.ice.obfuscate_host_addresses": false,
      // Its decoder of H.264 is a plugin, which it would download.
      "media.gmp-gmpopenh264.enabled": false,
      "media.gmp-manager.updateEnabled": false,
    },
  });
  return { browser, close: () => browser.close() };
}

/** The few steps of `MeetingPage` that a meeting with Firefox needs. */
export class FirefoxMeetingPage {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async join(browser: Browser, at: { url: string; room: string; name: string }) {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(installRtcProbe);
    await page.goto(`${at.url}/?room=${at.room}`);
    await page.locator("input#name").fill(at.name);
    await page.locator("button[type=submit]").click();
    const meeting = new FirefoxMeetingPage(page);
    await meeting.waitForTile(`${at.name} (you)`);
    return meeting;
  }

  async waitForTile(name: string): Promise<void> {
    await this.#page.waitForSelector(`figure[aria-label="${name}"]`);
  }

  async click(button: string): Promise<void> {
    await this.#page.locator(`button[aria-label="${button}"]`).click();
  }

  media(): Promise<RtcSample> {
    return this.#page.evaluate(() => globalThis.rtcProbe.sample());
  }
}
