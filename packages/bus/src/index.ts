export type {
  Bus,
  BusHeaders,
  BusMessage,
  BusStatus,
  IncomingMessage,
  RequestOptions,
  Subscription,
} from "./bus.ts";
export { decodeText, encodeJson, encodeText } from "./encoding.ts";
export {
  type CallOptions,
  callEveryNode,
  callNode,
  callSubject,
  type NodeCallHandlers,
  type ServeHooks,
  serveSubject,
  tellNode,
} from "./node-calls.ts";
