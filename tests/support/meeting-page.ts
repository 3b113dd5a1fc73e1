import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Locator, Page } from "playwright-core";
import type { RtcSample } from "./rtc-probe.ts";

const SCREENSHOTS = join(import.meta.dirname, "../../artifacts/screenshots");

/** The page as a person meets it: by what can be read on it. */
export class MeetingPage {
  readonly page: Page;
  readonly name: string;

  constructor(page: Page, name: string) {
    this.page = page;
    this.name = name;
  }

  /** A new tab in the lobby. */
  static async open(context: BrowserContext, at: { url: string; room: string; name: string }) {
    const tab = new MeetingPage(await context.newPage(), at.name);
    await tab.goToLobby(at);
    return tab;
  }

  /** A new tab in the meeting. */
  static async join(context: BrowserContext, at: { url: string; room: string; name: string }) {
    const tab = await MeetingPage.open(context, at);
    await tab.join();
    return tab;
  }

  async goToLobby({ url, room }: { url: string; room: string }): Promise<void> {
    await this.page.goto(`${url}/?room=${room}`);
  }

  /** From the lobby. Resolves in the meeting, which shows this peer's own tile. */
  async join(): Promise<void> {
    // The page offers the name that was used last, which tabs of one browser share.
    await this.page.getByLabel("Your name").fill(this.name);
    await this.button("Join").click();
    await this.tile(`${this.name} (you)`).waitFor();
  }

  /** Over HTTP a browser gives a page about half a second to leave; what a busy page does then may come too late. */
  async untilIdle(): Promise<void> {
    await this.page.evaluate(() => new Promise((idle) => requestIdleCallback(idle, { timeout: 5_000 })));
  }

  async goToAnotherPage(): Promise<void> {
    await this.page.goto(new URL("/v1/openapi.json", this.page.url()).href);
  }

  async closeTab(): Promise<void> {
    await this.page.close({ runBeforeUnload: true });
  }

  /** The page runs nothing else from the next turn of its event loop on. */
  async keepBusy(forMs: number): Promise<void> {
    await this.page.evaluate((ms) => {
      setTimeout(() => {
        const endMs = performance.now() + ms;
        while (performance.now() < endMs);
      });
    }, forMs);
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  tile(name: string): Locator {
    return this.page.getByRole("figure", { name, exact: true });
  }

  /** Says that this peer can't be heard. */
  mutedMark(name: string): Locator {
    return this.tile(name).getByRole("img", { name: "Microphone is muted" });
  }

  status(text: string | RegExp): Locator {
    return this.page.getByRole("status").filter({ hasText: text });
  }

  alert(text: string | RegExp): Locator {
    return this.page.getByRole("alert").filter({ hasText: text });
  }

  async openChat(): Promise<void> {
    await this.button("Chat").click();
    await this.page.getByLabel("Message", { exact: true }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** One message of the open chat. */
  message(author: string, text: string): Locator {
    return this.page
      .getByRole("log")
      .getByRole("article")
      .filter({ hasText: author })
      .filter({ hasText: text });
  }

  media(): Promise<RtcSample> {
    return this.page.evaluate(() => globalThis.rtcProbe.sample());
  }

  /** Into `artifacts/screenshots`, for people to look at. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }
}
