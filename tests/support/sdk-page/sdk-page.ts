import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";
import type { RtcSample } from "../rtc-probe.ts";
import type { EnterChoice, JoinChoice, PeerFacts } from "./script.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** A tab with several peers in it, each with an SDK, a camera and a microphone of its own. */
export class SdkPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** @param root Whose SDK it is: this build's, or another's. */
  static async open(context: BrowserContext, root: string = ROOT): Promise<SdkPage> {
    const page = await context.newPage();
    // From a real server: Chromium lets pages that came from elsewhere reach loopback only when they are asked for.
    const server = await serve("<!doctype html><title>SDK</title>");
    await page.goto(server.url);
    server.close();
    await page.addScriptTag({ type: "module", content: await bundle(root) });
    await page.waitForFunction(() => window.sdk !== undefined);
    return new SdkPage(page);
  }

  /** One peer for each ticket. Resolves when all have joined and publish. */
  join(url: string, tickets: string[], choice: JoinChoice = {}): Promise<void> {
    return this.page.evaluate(([at, given, how]) => window.sdk.join(at, given, how), [
      url,
      tickets,
      choice,
    ] as const);
  }

  /** One peer that publishes nothing by itself: the test does as an app does, with `window.sdk.rooms()`. */
  enter(url: string, ticket: string, choice: EnterChoice = {}): Promise<void> {
    return this.page.evaluate(([at, given, how]) => window.sdk.enter(at, given, how), [
      url,
      ticket,
      choice,
    ] as const);
  }

  /** Of each peer, in the order of the tickets' arrival. */
  facts(): Promise<PeerFacts[]> {
    return this.page.evaluate(() => window.sdk.facts());
  }

  /** How many WebSockets the page has opened so far. */
  sockets(): Promise<number> {
    return this.page.evaluate(() => window.sdk.sockets());
  }

  media(): Promise<RtcSample> {
    return this.page.evaluate(() => globalThis.rtcProbe.sample());
  }

  /** As the browser says it when it has a network again. */
  online(): Promise<void> {
    return this.page.evaluate(() => void window.dispatchEvent(new Event("online")));
  }

  leave(): Promise<void> {
    return this.page.evaluate(() => window.sdk.leave());
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

/** On loopback, where cameras are allowed. */
async function serve(html: string): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

const bundles = new Map<string, Promise<string>>();

/** @param root As in `SdkPage.open`. @returns A module that makes `window.sdk`. */
export function bundle(root: string = ROOT): Promise<string> {
  const bundled =
    bundles.get(root) ??
    build({
      entryPoints: [join(import.meta.dirname, "script.ts")],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
      alias: { "@fairlead/client": join(root, "packages/client/src/index.ts") },
    }).then(({ outputFiles }) => outputFiles?.[0]?.text ?? "");
  bundles.set(root, bundled);
  return bundled;
}
