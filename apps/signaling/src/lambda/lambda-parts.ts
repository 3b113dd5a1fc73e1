import { FairleadError } from "@fairlead/protocol";
import { getConnInfo } from "hono/aws-lambda";
import { defineWebSocketHelper } from "hono/ws";
import type { RuntimeParts } from "../server.ts";

export const lambdaParts: RuntimeParts = {
  clientAddress: (c) => getConnInfo(c).remote.address,
  /** A Function URL knows no upgrades: clients go on over HTTP. */
  upgradeWebSocket: defineWebSocketHelper(() => {
    throw new FairleadError("websocket_unsupported");
  }),
};
