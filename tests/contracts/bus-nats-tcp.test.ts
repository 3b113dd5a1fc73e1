import { connectNatsTcpBus } from "@fairlead/bus/nats-tcp";
import { expect, it } from "vitest";
import { startNats } from "../support/servers/start-nats.ts";
import { describeBusContract } from "./bus-contract.ts";
import { describeNatsFaults } from "./bus-nats-faults.ts";
import { describeNatsPermissions } from "./bus-nats-permissions.ts";
import { describeNatsTls } from "./bus-nats-tls.ts";
import { optionsFor, useNats } from "./nats-adapter.ts";

const tcp = { connect: connectNatsTcpBus, urlOf: ({ tcpUrl }: { tcpUrl: string }) => tcpUrl };

describeBusContract("nats-tcp", useNats(tcp));
describeNatsFaults("nats-tcp", tcp);
describeNatsPermissions("nats-tcp", tcp);
describeNatsTls("nats-tcp", tcp, (ca) => ({ tls: { ca } }));

it("tls:// insists on TLS: a server without it gets no password", async () => {
  const server = await startNats();
  const options = { ...optionsFor(tcp, server, "node"), waitOnFirstConnect: false };
  const servers = [server.tcpUrl.replace("nats://", "tls://")];
  await expect(connectNatsTcpBus({ ...options, servers })).rejects.toThrow("does not support 'tls'");
  await server.close();
});
