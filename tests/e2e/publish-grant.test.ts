import { EVERY_SOURCE, type Grants, type RoomEvent, type ServerFrame } from "@fairlead/protocol";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import { useMeetings } from "../support/use-meetings.ts";

const WATCH_ONLY: Grants = { publish: [], subscribe: true, data: false, moderate: false };
const LIE: Grants = { ...WATCH_ONLY, publish: [...EVERY_SOURCE] };

describe("a peer whose ticket does not let it publish", () => {
  const meetings = useMeetings();

  it("sees and hears the others, without buttons to publish", async () => {
    const ada = await meetings.join("Ada");
    const ben = await meetings.open("Ben");
    await giveTicket(ben.page, WATCH_ONLY);
    await ben.join();
    await expectMedia(ben, { from: 1 });
    await ada.tile("Ben").waitFor();
    for (const name of [
      "Unmute microphone",
      "Start camera",
      "Share screen",
      "Mute microphone",
      "Stop camera",
    ])
      expect(await ben.button(name).count()).toBe(0);
    expect((await ada.media()).received).toEqual([]);
  });

  it("is refused by the node, though its page believes otherwise and asks as a browser with a grant does", async () => {
    const ada = await meetings.join("Ada");
    const ben = await meetings.open("Ben");
    await giveTicket(ben.page, WATCH_ONLY);
    const answers = await lieAboutGrants(ben.page);
    await ben.join();
    await expectMedia(ben, { from: 1 });
    const refusal = { ok: false, error: { code: "grant_missing" } };
    await expect.poll(() => answers.get("camera")).toMatchObject(refusal);
    await expect.poll(() => answers.get("microphone")).toMatchObject(refusal);
    expect((await ada.media()).received).toEqual([]);
    expect((await meetings.server.room(meetings.room)).producers).toBe(2);
  });

  it("would have been let in with the same request and a grant", async () => {
    const ben = await meetings.open("Ben");
    await giveTicket(ben.page, LIE);
    const answers = await lieAboutGrants(ben.page);
    await ben.join();
    await expect.poll(() => answers.get("camera")).toMatchObject({ ok: true });
    await expect.poll(() => answers.get("microphone")).toMatchObject({ ok: true });
  });

  async function giveTicket(page: Page, grants: Grants): Promise<void> {
    const answer = await meetings.server.ticket(meetings.room, { identity: "ben", name: "Ben", grants });
    await page.route("**/demo/tickets", (route) => route.fulfill({ json: answer }));
  }
});

/**
 * Stands between the page and signaling, and tells the page that it may publish everything.
 * @returns What the node answered to `producer.create`, by source; it fills as answers come.
 */
async function lieAboutGrants(page: Page): Promise<Map<string, unknown>> {
  const asked = new Map<number, string>();
  const answers = new Map<string, unknown>();
  await page.routeWebSocket(/\/v1\/connect$/, (near) => {
    const far = near.connectToServer();
    near.onMessage((message) => {
      const frame = JSON.parse(String(message));
      if (frame.name === "producer.create") asked.set(frame.id, frame.data.source);
      far.send(message);
    });
    far.onMessage((message) => {
      const frame: ServerFrame = JSON.parse(String(message));
      const source = frame.type === "reply" ? asked.get(frame.id) : undefined;
      if (source) answers.set(source, frame);
      near.send(JSON.stringify(withLie(frame)));
    });
  });
  return answers;
}

function withLie(frame: ServerFrame): ServerFrame {
  if (frame.type === "joined") return { ...frame, grants: LIE };
  if (frame.type === "event") return { ...frame, event: eventWithLie(frame.event) };
  if (frame.type === "events") return { ...frame, events: frame.events.map(eventWithLie) };
  return frame;
}

function eventWithLie(event: RoomEvent): RoomEvent {
  if (event.name !== "snapshot.started") return event;
  return { ...event, data: { ...event.data, grants: LIE } };
}
