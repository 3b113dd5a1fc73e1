import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Locator, Page } from "playwright-core";
import type { RtcSample } from "./rtc-probe.ts";

const SCREENSHOTS = join(import.meta.dirname, "../../artifacts/screenshots");

class BroadcastPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  status(text: string | RegExp): Locator {
    return this.page.getByRole("status").filter({ hasText: text });
  }

  alert(text: string | RegExp): Locator {
    return this.page.getByRole("alert").filter({ hasText: text });
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

/** The broadcaster's page. */
export class StudioPage extends BroadcastPage {
  /** @param address `/studio` of a server, or a studio's link. */
  static async open(context: BrowserContext, address: string): Promise<StudioPage> {
    const page = await context.newPage();
    await page.goto(address);
    return new StudioPage(page);
  }

  /** Resolves in the studio of the new broadcast. */
  async create(title: string, visibility: "Whoever has the link" | "Everybody"): Promise<void> {
    await this.page.getByLabel("Title").fill(title);
    await this.page.getByRole("radio", { name: visibility }).check();
    await this.button("Create broadcast").click();
    await this.page.getByRole("main", { name: "Studio" }).waitFor();
  }

  /** Its own address, which has the right to run the broadcast. */
  get link(): string {
    return this.page.url();
  }

  viewersLink(): Promise<string> {
    return this.page.getByRole("textbox", { name: "Viewers' link" }).inputValue();
  }

  server(): Promise<string> {
    return this.page.getByLabel("Server", { exact: true }).inputValue();
  }

  /** As the way that is shown calls it: RTMP at first. */
  streamKey(): Promise<string> {
    return this.page.getByLabel("Stream key", { exact: true }).inputValue();
  }

  /** @returns What the studio says of the encoder's stream by this name, e.g. `Key frame every`. */
  encoderFact(name: string): Locator {
    return this.page
      .getByRole("region", { name: "What the encoder sends" })
      .locator(".facts__row", { hasText: name })
      .getByRole("definition");
  }

  async sendBy(way: "SDK" | "WHIP"): Promise<void> {
    await this.page.getByLabel("Send by").selectOption(way);
  }

  async goLive(): Promise<void> {
    await this.button("Go live with the camera").click();
    await this.button("Stop sending").waitFor();
  }

  /** Its sound is offered to the server only once what this resolves with is called. */
  async holdSoundBack(): Promise<() => Promise<void>> {
    const gate = await this.page.evaluateHandle(() => {
      const { promise, resolve } = Promise.withResolvers<void>();
      // The probe's class is below the browser's own.
      const native: RTCPeerConnection = Object.getPrototypeOf(RTCPeerConnection.prototype);
      const { setLocalDescription } = native;
      native.setLocalDescription = async function (description?: RTCLocalSessionDescriptionInit) {
        if (description?.sdp?.includes("m=audio")) await promise;
        await Reflect.apply(setLocalDescription, this, [description]);
      };
      return { open: resolve };
    });
    return () => gate.evaluate(({ open }) => open());
  }

  async end(): Promise<void> {
    await this.button("End broadcast").click();
    await this.button("End for everybody").click();
  }
}

/** A viewer's page. */
export class WatchPage extends BroadcastPage {
  static async open(context: BrowserContext, link: string): Promise<WatchPage> {
    const page = await context.newPage();
    await page.goto(link);
    return new WatchPage(page);
  }
}
