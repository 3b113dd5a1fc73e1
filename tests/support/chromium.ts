import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { needProgram } from "../setup/programs.ts";
import { writeFakeCamera } from "./fake-camera.ts";
import { installRtcProbe } from "./rtc-probe.ts";

export type ChromiumOptions = {
  /** Default true: sound plays without a click. */
  autoplay?: boolean;
  /** Default `granted`: the page gets the fake camera and microphone without asking. */
  devices?: "granted" | "denied";
  /** Default `small`, which is cheap: 320 × 240, 10 frames a second. `any`: Chromium's own, which has each size asked for. */
  camera?: "small" | "any";
  /** Default `headless-shell`, which is cheap. `whole`: the browser that people have, with its policies. */
  program?: "headless-shell" | "whole";
  /** Default `fake`: fake devices, and no sound is played. `captured`: none, and a page may capture the sound that its own tab plays. */
  sound?: "fake" | "captured";
  /** More of Chromium's own. */
  args?: readonly string[];
};

export type Chromium = { context: BrowserContext; close(): Promise<void> };

/** No sandbox: tests run as root in containers. The rest keeps the browser from doing anything but what the test says. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Tabs that are not in front go on at full speed, as on two people's screens.
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
  // A machine without a network has loopback only.
  "--allow-loopback-in-peer-connection",
];

/** A browser of its own with a fresh profile; its tabs are the peers. */
export async function launchChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const {
    autoplay = true,
    devices = "granted",
    camera = "small",
    program = "headless-shell",
    sound = "fake",
    args = [],
  } = options;
  const executablePath = needProgram(program === "whole" ? "chromium" : "chromium-headless-shell");
  const profile = await mkdtemp(join(tmpdir(), "fairlead-chromium-"));
  const cameraFile = await writeFakeCamera(join(profile, "camera.y4m"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    viewport: { width: 1024, height: 640 },
    ...(sound === "captured" ? { ignoreDefaultArgs: ["--mute-audio"] } : {}),
    args: [
      ...QUIET,
      ...(sound === "captured"
        ? ["--auto-accept-this-tab-capture"]
        : [
            "--use-fake-device-for-media-stream=fps=15",
            `--use-fake-ui-for-media-stream${devices === "denied" ? "=deny" : ""}`,
          ]),
      ...(camera === "small" ? [`--use-file-for-fake-video-capture=${cameraFile}`] : []),
      `--autoplay-policy=${autoplay ? "no-user-gesture-required" : "document-user-activation-required"}`,
      ...args,
    ],
  });
  await context.addInitScript(installRtcProbe);
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
