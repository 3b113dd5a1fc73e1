export type {
  Bus,
  BusHeaders,
  BusMessage,
  BusStatus,
  IncomingMessage,
  RequestOptions,
  Subscription,
} from "./bus.ts";
export { decodeText, encodeJson } from "./encoding.ts";
export { type CallOptions, callNode, type NodeCallHandlers, serveNodeCalls } from "./node-calls.ts";
