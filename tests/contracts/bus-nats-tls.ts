import type { Bus } from "@fairlead/bus";
import type { NatsBusOptions } from "@fairlead/bus/nats-tcp";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../support/servers/make-certificate.ts";
import { startNats } from "../support/servers/start-nats.ts";
import { bytes, collect } from "./bus-adapter.ts";
import { type NatsAdapter, optionsFor } from "./nats-adapter.ts";

/**
 * @param trusting How an app comes to trust that certificate.
 */
export function describeNatsTls(
  name: string,
  adapter: NatsAdapter,
  trusting: (certificate: string) => Partial<NatsBusOptions>,
): void {
  describe(`TLS: ${name}`, () => {
    it("a server whose certificate is trusted is spoken to, by address and by name; any other is not", async () => {
      const certificate = await makeCertificate();
      const server = await startNats({ tls: certificate });
      const options = { ...optionsFor(adapter, server, "node"), waitOnFirstConnect: false };
      await expect(adapter.connect(options)).rejects.toThrow();

      const trustful = { ...options, ...trusting(certificate.cert) };
      const byName = [adapter.urlOf(server).replace("127.0.0.1", "localhost")];
      for (const servers of [options.servers, byName]) {
        const bus: Bus = await adapter.connect({ ...trustful, servers });
        const inbox = collect();
        bus.subscribe("fairlead.room.standup.control", inbox.handler);
        bus.publish("fairlead.room.standup.control", bytes("hello"));
        await inbox.until(1);
        await bus.close();
      }
      await server.close();
    });
  });
}
