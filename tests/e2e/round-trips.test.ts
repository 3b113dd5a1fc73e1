import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { useMeetings } from "../support/use-meetings.ts";

/** Traffic between the page and the server, in order; `>` out, `<` in. Tickets are the app's own affair, and left out. */
type Traffic = string[];

describe("the way from the page to media negotiation", () => {
  const meetings = useMeetings();

  it("is two round trips once the capabilities are cached: the socket, and one join", async () => {
    const tab = await meetings.join("Ada");
    await tab.button("Leave").click();
    // A fresh document: what is cached is not in the page's memory.
    await tab.goToLobby({ url: meetings.server.url, room: meetings.room });
    const traffic = record(tab.page);
    await tab.join();
    await expect.poll(() => traffic).toContain("> transport.connect");
    const negotiation = traffic.indexOf("> transport.connect");
    const before = traffic.slice(0, negotiation).filter((line) => !isPushed(line));
    expect(before).toEqual(["open socket", "> join", "< joined"]);
  });

  it("costs one request more on a first visit, for the capabilities", async () => {
    const tab = await meetings.open("Ben");
    await tab.page.evaluate(() => localStorage.clear());
    const traffic = record(tab.page);
    await tab.join();
    await expect.poll(() => traffic).toContain("> transport.connect");
    const negotiation = traffic.indexOf("> transport.connect");
    const before = traffic.slice(0, negotiation).filter((line) => !isPushed(line));
    expect(before).toEqual(["GET /v1/capabilities", "open socket", "> join", "< joined"]);
    // One to send, one to receive, and one that asks the browser what it can.
    expect((await tab.media()).connections).toBe(3);
  });
});

/** Events come by themselves: nobody waits a round trip for them. */
function isPushed(line: string): boolean {
  return ["< event", "< events", "< transient", "> ack"].includes(line);
}

function record(page: Page): Traffic {
  const traffic: Traffic = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/v1/")) traffic.push(`${request.method()} ${pathname}`);
  });
  page.on("websocket", (socket) => {
    traffic.push("open socket");
    socket.on("framesent", ({ payload }) => traffic.push(`> ${nameOf(payload)}`));
    socket.on("framereceived", ({ payload }) => traffic.push(`< ${nameOf(payload)}`));
  });
  return traffic;
}

function nameOf(payload: string | Buffer): string {
  const frame = JSON.parse(String(payload));
  return frame.type === "command" ? frame.name : frame.type;
}
