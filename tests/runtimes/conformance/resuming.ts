import { FairleadError } from "@fairlead/protocol";
import { importKeySet, issueSessionTicket, type SessionInput } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import type { ProtocolClient } from "../../support/protocol-client.ts";
import type { Driver } from "./driver.ts";
import { countUpTo, inTurns, publishMicrophone, sequencesOf, toggles, togglesSeen } from "./media.ts";
import { endOf, type Instances } from "./use-instances.ts";

const MISSED = 30;

export function resumingFacts(instances: Instances, driver: Driver): void {
  /** Ann by the first instance, Bob by the second. */
  const meet = async () => {
    const room = instances.newRoom();
    const ann = await instances.join(driver, { room, identity: "ann" });
    const bob = await instances.join(driver, { room, identity: "bob", at: instances.second });
    return { room, ann, bob };
  };
  const refusal = (client: ProtocolClient) =>
    client.resume({ url: instances.second.url }).then(
      () => "resumed",
      (error) => (error instanceof FairleadError ? error.code : error),
    );

  describe("a session whose connection broke", () => {
    it("is resumed by another instance with exactly what it missed", async () => {
      const { ann, bob } = await meet();
      const producerId = await publishMicrophone(bob);
      await ann.until(() => ann.view.producers.size === 1, "a producer");
      const { sessionId } = ann.joined;
      ann.drop();
      await Promise.all(toggles(bob, producerId, MISSED));
      await ann.resume({ url: instances.second.url });
      await ann.until(() => togglesSeen(ann, producerId).length >= MISSED, "what it missed");
      expect(togglesSeen(ann, producerId)).toEqual(inTurns(MISSED));
      expect(sequencesOf(ann)).toEqual(countUpTo(ann.events.length));
      expect(ann.events.filter(({ event }) => event.name === "snapshot.started").length).toBe(1);
      expect(ann.joined.sessionId).toBe(sessionId);
      expect(ann.framesOf("resumed").at(-1)?.connection).toBeGreaterThan(1);
    });

    it("has what it asked for done once, answered or not", async () => {
      const { ann, bob } = await meet();
      const producerId = await publishMicrophone(ann);
      const commands = toggles(ann, producerId, MISSED);
      // Some have acted by now, some are on their way.
      await Promise.race(commands);
      ann.drop();
      await ann.resume({ url: instances.second.url });
      await Promise.all(commands);
      await bob.until(() => togglesSeen(bob, producerId).length >= MISSED, "events");
      expect(togglesSeen(bob, producerId)).toEqual(inTurns(MISSED));
      expect(sequencesOf(bob)).toEqual(countUpTo(bob.events.length));
    });
  });

  describe("a session", () => {
    it("that is resumed while its connection stands goes on with the newer one", async () => {
      const { ann, bob } = await meet();
      const twin = await instances.connect(driver, instances.second);
      const { sessionTicket, position } = ann;
      twin.send({ type: "resume", protocolVersion: 1, sessionTicket, position });
      await twin.until(() => twin.framesOf("resumed").length === 1, "resumed");
      expect(await endOf(ann)).toBe("session_replaced");
      expect(bob.view.peers.size).toBe(2);
    });

    it("that is over is not resumed", async () => {
      const { ann } = await meet();
      await ann.leave();
      expect(await refusal(ann)).toBe("session_gone");
    });
  });

  describe("a session ticket", () => {
    const resumeWith = async (sessionTicket: string) => {
      const client = await instances.connect(driver);
      client.send({ type: "resume", protocolVersion: 1, sessionTicket, position: "1:0" });
      await client.until(() => client.framesOf("error").length === 1, "the refusal");
      return client.framesOf("error")[0]?.error.code;
    };
    const claims: SessionInput = {
      sub: "eve",
      session: "session",
      peer: "peer",
      room: "room",
      node: "node-1",
      incarnation: "none",
      epoch: 1,
      ticketId: "ticket",
      connection: 1,
    };

    it("that is none, or a ticket of a room, is refused", async () => {
      for (const ticket of ["no-ticket-of-anybody", await instances.ticket({})])
        expect(await resumeWith(ticket)).toBe("session_invalid");
    });

    it("that is expired is refused, and one of a node that is gone means a new join", async () => {
      const keys = await importKeySet(JSON.parse(instances.cluster.site.env.FAIRLEAD_SESSION_KEYS ?? ""));
      const issue = (now: () => number) => issueSessionTicket(keys, claims, { ttlS: 60, now });
      expect(await resumeWith(await issue(() => Date.now() - 3_600_000))).toBe("session_expired");
      expect(await resumeWith(await issue(Date.now))).toBe("session_gone");
    });
  });
}
