import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { expectMedia } from "../support/expect-media.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { type Backend, startBackend } from "./backend.ts";
import { bunRuntime } from "./start-bun.ts";
import { workerdRuntime } from "./start-workerd.ts";

/** Guards against a hang, on a busy machine. */
const PATIENCE_MS = 45_000;

let backend: Backend;
let chromium: Chromium;
beforeAll(async () => {
  [backend, chromium] = await Promise.all([startBackend({ name: "runtimes-browser" }), launchChromium()]);
});
afterAll(async () => {
  await chromium?.close();
  await backend?.close();
});

describe.each([workerdRuntime, bunRuntime])("two pages of Chromium that meet through $name", (runtime) => {
  it("see and hear each other, over WebSockets", async () => {
    const { url } = await backend.start(runtime, runtime.name);
    const room = backend.newRoom();
    const pages = [await SdkPage.open(chromium.context), await SdkPage.open(chromium.context)];
    for (const [index, page] of pages.entries())
      await page.join(url, [await backend.ticket({ room, identity: `peer-${index}` })]);
    await Promise.all(pages.map((page) => expectMedia(page, { from: 1, withinMs: PATIENCE_MS })));
    expect(await Promise.all(pages.map((page) => page.sockets()))).toEqual([1, 1]);
    const facts = (await Promise.all(pages.map((page) => page.facts()))).flat();
    expect(facts).toMatchObject([
      { state: "connected", ended: null, others: ["peer-1"] },
      { state: "connected", ended: null, others: ["peer-0"] },
    ]);
    await Promise.all(pages.map((page) => page.leave()));
    await Promise.all(pages.map((page) => page.close()));
  });
});
