import { connectNatsWebSocketBus } from "@fairlead/bus/nats-websocket";
import { describeBusContract } from "./bus-contract.ts";
import { useNats } from "./nats-adapter.ts";

const webSocket = {
  connect: connectNatsWebSocketBus,
  urlOf: ({ websocketUrl }: { websocketUrl: string }) => websocketUrl,
};

describeBusContract("nats-websocket", useNats(webSocket));
