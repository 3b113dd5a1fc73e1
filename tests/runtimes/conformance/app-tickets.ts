import { exportKeySet, generateKeySet, importKeySet, issueTicket, type KeySet } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import type { Instance } from "../runtime.ts";
import type { Driver } from "./driver.ts";
import type { Instances } from "./use-instances.ts";

const grants = { publish: [], subscribe: true, data: false, moderate: false };

export function appTicketFacts(instances: Instances, driver: Driver): void {
  const admits = async (at: Instance, by: KeySet) => {
    const { ticket, claims } = await issueTicket(by, { room: instances.newRoom(), identity: "ann", grants });
    const client = await instances.connect(driver, at);
    await client.join({ ticket });
    return client.joined.roomId === claims.room;
  };

  describe("a ticket that an app signs", () => {
    it("with a key that its JWKS URL publishes admits, on each instance", async () => {
      const { appKeys } = instances.cluster;
      for (const at of [instances.first, instances.second]) expect(await admits(at, appKeys)).toBe(true);
    });

    it("with a secret that it shares with the cluster (HS256) admits", async () => {
      const { keys } = await exportKeySet(instances.cluster.ticketKeys);
      const secret = await importKeySet({ keys: keys.filter(({ alg }) => alg === "HS256") });
      expect(secret.signer?.alg).toBe("HS256");
      expect(await admits(instances.first, secret)).toBe(true);
    });

    it("is admitted by the old and by the new key while both are published, without a restart", async () => {
      const { appKeys, jwks } = instances.cluster;
      // Of its own, as one that was asked for a made-up key a moment ago waits before it fetches again.
      const fresh = await instances.start(`rotating-${driver.name.toLowerCase()}`, {});
      expect(await admits(fresh, appKeys)).toBe(true);
      const next = await generateKeySet({ alg: "ES256" });
      jwks.publish(appKeys, next);
      expect([await admits(fresh, next), await admits(fresh, appKeys)]).toEqual([true, true]);
    });
  });
}
