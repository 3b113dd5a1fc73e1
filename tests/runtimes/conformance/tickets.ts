import { randomId, type TicketAnswer } from "@fairlead/protocol";
import {
  generateKeySet,
  type IssueTicketOptions,
  issueTicket,
  type KeySet,
  type TicketInput,
} from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { appTicketFacts } from "./app-tickets.ts";
import type { Driver } from "./driver.ts";
import type { Instances } from "./use-instances.ts";

type Made = { keys?: KeySet; input?: Partial<TicketInput>; options?: IssueTicketOptions };

export function ticketFacts(instances: Instances, driver: Driver): void {
  const made = async ({ keys = instances.cluster.ticketKeys, input, options }: Made) => {
    const grants = { publish: [], subscribe: true, data: false, moderate: false };
    const claims = { room: instances.newRoom(), identity: "eve", grants, ...input };
    return (await issueTicket(keys, claims, options)).ticket;
  };

  describe("a ticket", () => {
    it("of the API admits with its grants, at the address that came with it", async () => {
      const room = instances.newRoom();
      const grants = { publish: ["camera"], subscribe: true, data: false, moderate: false };
      const body = { identity: "ann", name: "Ann", metadata: "hi", grants };
      const { ticket, url } = await instances.api<TicketAnswer>("POST", `/v1/rooms/${room}/tickets`, body);
      expect(url).toBe(instances.first.url);
      const client = await instances.connect(driver);
      await client.join({ ticket });
      expect(client.joined).toMatchObject({ roomId: room, grants });
      await client.until(() => client.view.peers.size === 1, "itself");
      expect([...client.view.peers.values()]).toMatchObject([
        { identity: "ann", name: "Ann", metadata: "hi" },
      ]);
    });

    it("signed by a back end with the same key admits too, on each instance", async () => {
      const room = instances.newRoom();
      for (const at of [instances.first, instances.second]) {
        const client = await instances.join(driver, { room, identity: `peer-${randomId()}`, at });
        expect(client.joined.roomId).toBe(room);
      }
    });

    it.each<[string, Made, string]>([
      [
        "is expired",
        { input: { ttlS: 60 }, options: { now: () => Date.now() - 3_600_000 } },
        "ticket_expired",
      ],
      ["does not count yet", { input: { notBefore: Date.now() / 1_000 + 3_600 } }, "ticket_not_yet_valid"],
      ["is for somebody else", { options: { audience: "somebody/else" } }, "ticket_wrong_audience"],
      ["is of another cluster", { options: { issuer: "another" } }, "ticket_invalid"],
    ])("that %s is refused", async (_, ticket, code) => {
      expect(await instances.refusal(driver, { ticket: await made(ticket) })).toBe(code);
    });

    it("of a key that nobody here knows is refused", async () => {
      const ticket = await made({ keys: await generateKeySet() });
      expect(await instances.refusal(driver, { ticket })).toBe("ticket_unknown_key");
    });

    it("that was changed is refused, and so is a text that is no ticket", async () => {
      const [header, , signature] = (await made({})).split(".");
      const [, richer] = (await made({ input: { identity: "admin" } })).split(".");
      for (const ticket of [`${header}.${richer}.${signature}`, "no-ticket-of-anybody", `${header}..`])
        expect(await instances.refusal(driver, { ticket })).toBe("ticket_invalid");
    });
  });

  appTicketFacts(instances, driver);
}
