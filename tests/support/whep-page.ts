import { join } from "node:path";
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";

const PLAYER = join(import.meta.dirname, "../../apps/web/src/watch/whep-player.ts");

type Shown = { framesAtMs: number[]; state(): string };
declare global {
  interface Window {
    WhepPlayer: new (
      options: object,
    ) => {
      run(): Promise<void>;
      getState(): string;
      getStream(): MediaStream | null;
      subscribe(listener: () => void): void;
    };
    whep: Shown;
  }
}

/** Our own watch page's player by WHEP, in a page that notes when each picture is shown. */
export async function openWhepPage(
  context: BrowserContext,
  { url, bearer }: { url: string; bearer: string },
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(new URL("/livez", url).href);
  await page.addScriptTag({ type: "module", content: await bundlePlayer() });
  await page.waitForFunction(() => window.WhepPlayer !== undefined);
  await page.evaluate(play, { url, bearer });
  return page;
}

/** How long each picture stood since it was asked last, ms. */
export function takePictureTimesMs(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    const framesAtMs = window.whep.framesAtMs.splice(0);
    window.whep.framesAtMs.push(...framesAtMs.slice(-1));
    return framesAtMs.slice(1).map((atMs, index) => atMs - (framesAtMs[index] ?? atMs));
  });
}

let bundled: Promise<string> | null = null;
function bundlePlayer(): Promise<string> {
  const contents = `import { WhepPlayer } from ${JSON.stringify(PLAYER)}; window.WhepPlayer = WhepPlayer;`;
  bundled ??= build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  return bundled;
}

/** Self-contained: it is sent to the browser as text. */
function play({ url, bearer }: { url: string; bearer: string }): void {
  const player = new window.WhepPlayer({
    url,
    bearer,
    renewBearer: async () => undefined,
    onEnded: () => {},
  });
  const framesAtMs: number[] = [];
  window.whep = { framesAtMs, state: () => player.getState() };
  const video = Object.assign(document.createElement("video"), { muted: true, autoplay: true });
  document.body.append(video);
  const note = () => {
    framesAtMs.push(performance.now());
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  player.subscribe(() => {
    const stream = player.getStream();
    if (video.srcObject !== stream) video.srcObject = stream;
  });
  void player.run();
}
