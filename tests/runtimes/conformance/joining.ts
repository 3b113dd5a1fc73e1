import {
  type ClientFrameInput,
  capabilitiesOf,
  DEFAULT_CODEC_POLICY,
  randomId,
  sendTransportOf,
} from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { joinFrame } from "../../support/protocol-client.ts";
import type { Driver } from "./driver.ts";
import { countUpTo, sequencesOf } from "./media.ts";
import { endOf, type Instances } from "./use-instances.ts";

export function joiningFacts(instances: Instances, driver: Driver): void {
  describe("a join", () => {
    it("brings both transports, and one snapshot in order", async () => {
      const room = instances.newRoom();
      await instances.join(driver, { room, identity: "ann", at: instances.second });
      const bob = await instances.join(driver, { room, identity: "bob" });
      const { receiveTransport, position } = bob.joined;
      const sendTransport = sendTransportOf(bob.joined);
      expect(sendTransport.dtlsParameters).toMatchObject({ fingerprints: expect.anything() });
      expect(receiveTransport.iceCandidates.length).toBeGreaterThan(0);
      expect(receiveTransport.id).not.toBe(sendTransport.id);
      expect(position).toBe(`${bob.joined.epoch}:0`);
      const names = bob.events.map(({ event }) => event.name);
      expect([names[0], names.at(-1)]).toEqual(["snapshot.started", "snapshot.ended"]);
      expect(bob.view.summary()).toEqual(["ann", "bob"]);
      expect(sequencesOf(bob)).toEqual(countUpTo(bob.events.length));
    });

    it("that is sent again, elsewhere, finds the session that the first one made", async () => {
      const room = instances.newRoom();
      const join = { joinId: randomId(), ticket: await instances.ticket({ room, identity: "ann" }) };
      const lost = await instances.connect(driver);
      await lost.join(join);
      const client = await instances.connect(driver, instances.second);
      await client.join(join);
      expect(client.joined.sessionId).toBe(lost.joined.sessionId);
      expect(client.joined.connection).toBeGreaterThan(lost.joined.connection);
      expect(await endOf(lost)).toBe("session_replaced");
      expect((await instances.room(room)).peers).toBe(1);
    });

    it("with capabilities of another version is answered with the fresh ones, and can follow again", async () => {
      const client = await instances.connect(driver);
      const ticket = await instances.ticket({ room: instances.newRoom() });
      client.send({ ...joinFrame({ ticket }), capabilitiesVersion: "of-yesterday" });
      await client.until(() => client.framesOf("error").length === 1, "the refusal");
      expect(client.framesOf("error")[0]?.error).toMatchObject({
        code: "capabilities_mismatch",
        detail: { capabilities: capabilitiesOf(DEFAULT_CODEC_POLICY) },
      });
      await client.join({ ticket });
      expect(client.joined.connection).toBeGreaterThan(0);
    });

    it("of another protocol is told which ones are spoken", async () => {
      const client = await instances.connect(driver);
      const join = joinFrame({ ticket: await instances.ticket({}) });
      client.send({ ...join, protocolVersion: 999 } as ClientFrameInput);
      await client.until(() => client.framesOf("error").length === 1, "the refusal");
      expect(client.framesOf("error")[0]?.error).toMatchObject({
        code: "protocol_unsupported",
        detail: { supported: [1] },
      });
    });

    it("of an identity that is there replaces the older peer", async () => {
      const room = instances.newRoom();
      const older = await instances.join(driver, { room, identity: "ann" });
      await instances.join(driver, { room, identity: "ann", at: instances.second });
      expect(await endOf(older)).toBe("session_replaced");
      expect((await instances.room(room)).peers).toBe(1);
    });

    it("of an identity that is there is refused where the room says so", async () => {
      const room = instances.newRoom();
      await instances.api("PUT", `/v1/rooms/${room}`, { duplicateIdentity: "refuse" });
      const older = await instances.join(driver, { room, identity: "ann" });
      const ticket = await instances.ticket({ room, identity: "ann" });
      expect(await instances.refusal(driver, { ticket }, instances.second)).toBe("duplicate_identity");
      expect(older.isConnected).toBe(true);
    });

    it("to a full room is refused", async () => {
      const room = instances.newRoom();
      await instances.api("PUT", `/v1/rooms/${room}`, { maxPeers: 1 });
      await instances.join(driver, { room });
      const ticket = await instances.ticket({ room });
      expect(await instances.refusal(driver, { ticket }, instances.second)).toBe("room_full");
    });
  });
}
