import type { NatsBusOptions, RenewableBus } from "@fairlead/bus/nats-tcp";
import { afterAll, beforeAll } from "vitest";
import { type NatsServer, startNats } from "../support/servers/start-nats.ts";
import type { BusAdapter, BusAdapterOptions } from "./bus-adapter.ts";

/** An adapter to NATS, and which of a server's addresses is its own. */
export type NatsAdapter = {
  connect: (options: NatsBusOptions) => Promise<RenewableBus>;
  urlOf: (server: NatsServer) => string;
};

/** The settings of an app of that role. */
export function optionsFor({ urlOf }: NatsAdapter, server: NatsServer, role: keyof NatsServer["users"]) {
  return { servers: [urlOf(server)], ...server.users[role], inboxPrefix: `_INBOX_${role}` };
}

/**
 * One server with everything open and one with the permissions of deploy/nats, for all the facts of a file.
 * @returns Makes fresh clients of the one or the other.
 */
export function useNats(adapter: NatsAdapter) {
  const servers = new Map<BusAdapterOptions["subjects"], NatsServer>();
  beforeAll(async () => {
    servers.set("any", await startNats({ config: "open" }));
    servers.set("fairlead", await startNats());
  });
  afterAll(async () => {
    for (const server of servers.values()) await server.close();
  });
  return async ({ subjects, onHandlerError }: BusAdapterOptions): Promise<BusAdapter> => {
    const server = servers.get(subjects);
    if (!server) throw new Error("no server yet");
    const buses: RenewableBus[] = [];
    const connect = async (role: "signaling" | "node") => {
      const bus = await adapter.connect({ ...optionsFor(adapter, server, role), onHandlerError });
      buses.push(bus);
      return bus;
    };
    return {
      publisher: await connect("signaling"),
      subscriber: await connect("node"),
      connectSubscriber: () => connect("node"),
      close: async () => void (await Promise.all(buses.map((bus) => bus.close()))),
    };
  };
}
