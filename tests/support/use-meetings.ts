import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type Chromium, type ChromiumOptions, launchChromium } from "./chromium.ts";
import { MeetingPage } from "./meeting-page.ts";
import { type StandaloneProcess, startStandalone } from "./start-standalone.ts";

type Options = { env?: Record<string, string>; chromium?: ChromiumOptions };

const SHOWN_LINES = 200;

/**
 * One server and one Chromium for the tests of a file; each test gets a room of its own, and its tabs are closed at its end.
 * A test that failed shows the server's log.
 */
export function useMeetings({ env, chromium: chromiumOptions }: Options = {}) {
  let server: StandaloneProcess | undefined;
  let chromium: Chromium | undefined;
  let room = "";
  let rooms = 0;
  beforeAll(async () => {
    server = await startStandalone(env);
    chromium = await launchChromium(chromiumOptions);
  });
  beforeEach(({ onTestFailed }) => {
    room = `room-${++rooms}`;
    onTestFailed(() => console.error(server?.output.slice(-SHOWN_LINES).join("\n")));
  });
  afterEach(async () => {
    await Promise.all(chromium?.context.pages().map((page) => page.close()) ?? []);
  });
  afterAll(async () => {
    await chromium?.close();
    await server?.stop();
  });
  const started = <T>(part: T | undefined): T => {
    if (!part) throw new Error("used before it was started");
    return part;
  };
  return {
    get server() {
      return started(server);
    },
    get context() {
      return started(chromium).context;
    },
    /** The room of this test. */
    get room() {
      return room;
    },
    /** A new tab in the lobby. @param url Default: the server's own. */
    open: (name: string, url = started(server).url) =>
      MeetingPage.open(started(chromium).context, { url, room, name }),
    /** A new tab in the meeting. @param url Default: the server's own. */
    join: (name: string, url = started(server).url) =>
      MeetingPage.join(started(chromium).context, { url, room, name }),
  };
}
