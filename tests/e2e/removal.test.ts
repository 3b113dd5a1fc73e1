import type { PeerPage } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import type { MeetingPage } from "../support/meeting-page.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { useMeetings } from "../support/use-meetings.ts";

describe("a peer that is removed", () => {
  const meetings = useMeetings();

  it.each([
    ["a moderator, in the page", removeInPage],
    ["the API", removeByApi],
  ] as const)("by %s is told, is gone for the others, and can't come back", async (_, remove) => {
    const ada = await meetings.join("Ada");
    const ben = await meetings.open("Ben");
    const granted = ben.page.waitForResponse(/\/demo\/tickets$/);
    await ben.join();
    const { ticket } = await (await granted).json();
    await ada.tile("Ben").waitFor();

    await remove(ada);
    await ben.alert("A moderator removed you from the meeting").waitFor();
    await ada.tile("Ben").waitFor({ state: "detached" });
    const comeBack = ProtocolClient.join(meetings.server.url, { ticket });
    await expect(comeBack).rejects.toMatchObject({ code: "banned" });
    // The demo knows the tab again, and gives no other person's ticket.
    await ben.button("Back to the lobby").click();
    await ben.button("Join").click();
    await ben.alert("A moderator removed you from this room").waitFor();
  });

  async function removeInPage(ada: MeetingPage): Promise<void> {
    await ada.button("People").click();
    await ada.button("Mute Ben").click();
    await ada.button("Let Ben speak").waitFor();
    await ada.page.keyboard.press("Escape");
    await ada.button("People").click();
    await ada.button("Let Ben speak").waitFor();
    await ada.button("Remove Ben").click();
    await ada.button("Yes, remove Ben").click();
  }

  async function removeByApi(): Promise<void> {
    const { room, server } = meetings;
    const { peers }: PeerPage = await server.api("GET", `/v1/rooms/${room}/peers`);
    const ben = peers.find(({ name }) => name === "Ben");
    await server.api("DELETE", `/v1/rooms/${room}/peers/${ben?.peerId}`, { reason: "noise" });
  }
});
