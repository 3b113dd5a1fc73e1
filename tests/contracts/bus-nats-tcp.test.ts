import { connectNatsTcpBus } from "@fairlead/bus/nats-tcp";
import { describeBusContract } from "./bus-contract.ts";
import { useNats } from "./nats-adapter.ts";

const tcp = { connect: connectNatsTcpBus, urlOf: ({ tcpUrl }: { tcpUrl: string }) => tcpUrl };

describeBusContract("nats-tcp", useNats(tcp));
