import { type CommandEnvelope, FairleadError } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import type { Driver } from "./driver.ts";
import { inTurns, microphone, publishMicrophone, toggles, togglesSeen } from "./media.ts";
import type { Instances } from "./use-instances.ts";

const IN_FLIGHT = 40;

export function commandFacts(instances: Instances, driver: Driver): void {
  const meet = async () => {
    const room = instances.newRoom();
    const ann = await instances.join(driver, { room, identity: "ann" });
    const bob = await instances.join(driver, { room, identity: "bob", at: instances.second });
    return { room, ann, bob };
  };
  const refused = (command: Promise<unknown>) =>
    command.then(
      () => "done",
      (error) => (error instanceof FairleadError ? error.code : error),
    );

  describe("a command", () => {
    it("is answered, and the other peer sees by another instance what it did", async () => {
      const { ann, bob } = await meet();
      const producerId = await publishMicrophone(ann);
      await bob.until(() => bob.view.consumers.size === 1, "a consumer");
      expect([...bob.view.consumers.values()]).toMatchObject([{ producerId, source: "microphone" }]);
      await ann.command("producer.close", { producerId });
      await bob.until(() => bob.view.producers.size === 0, "its end");
    });

    it(`acts in order, with ${IN_FLIGHT} in flight`, async () => {
      const { ann, bob } = await meet();
      const producerId = await publishMicrophone(ann);
      await Promise.all(toggles(ann, producerId, IN_FLIGHT));
      await bob.until(() => togglesSeen(bob, producerId).length >= IN_FLIGHT, "events");
      expect(togglesSeen(bob, producerId)).toEqual(inTurns(IN_FLIGHT));
    });

    it("that is sent twice acts once, and is answered alike", async () => {
      const { ann, bob } = await meet();
      const command: CommandEnvelope = {
        id: 1,
        settledBelow: 1,
        name: "producer.create",
        data: microphone(),
      };
      for (let times = 0; times < 2; times += 1) ann.send({ type: "command", ...command });
      await ann.until(() => ann.framesOf("reply").length === 2, "two replies");
      const [one, other] = ann.framesOf("reply");
      expect(one).toMatchObject({ id: 1, ok: true });
      expect(other).toEqual(one);
      await bob.until(() => bob.view.producers.size > 0, "a producer");
      // A later event has come, so there was no second one.
      ann.send({ type: "command", id: 2, settledBelow: 2, name: "session.leave", data: {} });
      await bob.until(() => bob.view.peers.size === 1, "Ann's leave");
      expect(bob.events.filter(({ event }) => event.name === "producers.created").length).toBe(1);
    });

    it.each([
      ["is unknown", "room.destroy", {}, "unknown_command"],
      ["is inherited by every object", "toString", {}, "unknown_command"],
      ["has no data", "producer.pause", {}, "invalid_request"],
      ["names what is not there", "producer.pause", { producerId: "none" }, "producer_not_found"],
    ])("that %s is refused, and the session goes on", async (_, name, data, code) => {
      const ann = await instances.join(driver, { room: instances.newRoom() });
      expect(await refused(ann.command(name as "producer.pause", data as never))).toBe(code);
      await publishMicrophone(ann);
    });

    it("without its grant is refused by the node", async () => {
      const room = instances.newRoom();
      const grants = { publish: [], subscribe: true, data: false, moderate: false };
      const ann = await instances.join(driver, { room, grants });
      const bob = await instances.join(driver, { room });
      expect(await refused(ann.command("producer.create", microphone()))).toBe("grant_missing");
      expect(await refused(ann.command("peer.remove", { peerId: bob.peerId }))).toBe("grant_missing");
    });

    it("to leave ends the session, and the others hear why", async () => {
      const { ann, bob } = await meet();
      await ann.leave();
      await bob.until(() => bob.view.peers.size === 1, "Ann's leave");
      expect(bob.events.at(-1)?.event).toEqual({
        name: "peer.left",
        data: { peerId: ann.peerId, reason: "left" },
      });
    });
  });
}
