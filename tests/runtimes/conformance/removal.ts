import { describe, expect, it } from "vitest";
import type { Driver } from "./driver.ts";
import { endOf, type Instances } from "./use-instances.ts";

export function removalFacts(instances: Instances, driver: Driver): void {
  describe("a peer that was removed", () => {
    it("stays out on every instance, by identity and by ticket, until the ban is lifted", async () => {
      const room = instances.newRoom();
      const bob = await instances.join(driver, { room, identity: "bob" });
      const ticket = await instances.ticket({ room, identity: "ann" });
      const ann = await instances.join(driver, { join: { ticket }, at: instances.second });
      await instances.api("DELETE", `/v1/rooms/${room}/peers/${ann.peerId}`, { reason: "enough" });

      expect(await endOf(ann)).toBe("peer_removed");
      await bob.until(() => bob.view.peers.size === 1, "Ann's end");
      expect(bob.events.at(-1)?.event).toMatchObject({ name: "peer.left", data: { reason: "removed" } });
      const fresh = { ticket: await instances.ticket({ room, identity: "ann" }) };
      for (const at of [instances.first, instances.second]) {
        expect(await instances.refusal(driver, { ticket }, at)).toBe("banned");
        expect(await instances.refusal(driver, fresh, at)).toBe("banned");
        expect(await instances.refusal(driver, { ...fresh, previousSession: ann.sessionTicket }, at)).toBe(
          "banned",
        );
      }
      await instances.api("DELETE", `/v1/rooms/${room}/bans/ann`);
      await instances.join(driver, { room, identity: "ann" });
    });

    it("can't come back to its session either", async () => {
      const room = instances.newRoom();
      const ann = await instances.join(driver, { room, identity: "ann" });
      ann.drop();
      await instances.api("DELETE", `/v1/rooms/${room}/peers/${ann.peerId}`);
      await expect(ann.resume({ url: instances.second.url })).rejects.toMatchObject({ code: "peer_removed" });
    });
  });

  it("an identity that was banned beforehand does not get in", async () => {
    const room = instances.newRoom();
    await instances.api("PUT", `/v1/rooms/${room}/bans/ann`);
    const ticket = await instances.ticket({ room, identity: "ann" });
    expect(await instances.refusal(driver, { ticket }, instances.second)).toBe("banned");
  });
}
