import { openHttp } from "../../support/wires/open-http.ts";
import { openWebSocket } from "../../support/wires/open-websocket.ts";
import type { OpenWire } from "../../support/wires/wire.ts";
import type { Runtime } from "../runtime.ts";

/** A way to carry a session: the same facts hold over each. */
export type Driver = { name: "WebSocket" | "HTTP"; openWire: OpenWire };

export const WEBSOCKET: Driver = { name: "WebSocket", openWire: openWebSocket };
export const HTTP: Driver = { name: "HTTP", openWire: openHttp };

export function driversOf({ hasWebSocket }: Runtime): Driver[] {
  return hasWebSocket ? [WEBSOCKET, HTTP] : [HTTP];
}
