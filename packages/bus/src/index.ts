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
export {
  type CallOptions,
  callEveryNode,
  callNode,
  callSubject,
  type NodeCallHandlers,
  type ServeHooks,
  serveSubject,
} from "./node-calls.ts";
