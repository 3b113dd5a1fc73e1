import { describe, expect, it, onTestFinished } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import { startTcpRelay } from "../support/tcp-relay.ts";
import { useMeetings } from "../support/use-meetings.ts";

describe("a peer whose socket is cut", () => {
  // Longer than the cut takes on any machine: whoever comes back within it is the same peer.
  const meetings = useMeetings({ env: { FAIRLEAD_GRACE_MS: "60000" } });

  it("keeps its media, is shown as away, comes back, and has what it missed", async () => {
    const network = await startTcpRelay(meetings.server.port);
    onTestFinished(() => network.close());
    const ada = await meetings.join("Ada", network.url);
    const ben = await meetings.join("Ben");
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);

    const before = await ada.media();
    network.cut();
    await ada.status("Reconnecting").waitFor();
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);
    await ada.status("Reconnecting").waitFor();
    await ada.screenshot("reconnecting");
    const cleo = await meetings.join("Cleo");
    const mark = ben.tile("Ada").getByText("Connection lost");
    await mark.waitFor();
    await ben.screenshot("away");

    network.restore();
    await ada.status("Connected again").waitFor();
    await ada.tile("Cleo").waitFor();
    await mark.waitFor({ state: "detached" });
    await Promise.all([ada, ben, cleo].map((tab) => expectMedia(tab, { from: 2 })));
    expect((await ada.media()).connections).toBe(before.connections);
    await ada.openChat();
    await ben.openChat();
    await ada.say("I am back");
    await ben.message("Ada", "I am back").waitFor();
    await ben.say("Welcome");
    await ada.message("Ben", "Welcome").waitFor();
  });
});
