import {
  FairleadError,
  fromErrorBody,
  type Incarnation,
  NODE_CALLS,
  NodeAnswer,
  NodeCall,
  type NodeCallInput,
  type NodeCallName,
  type NodeCallReply,
  type NodeCallRequest,
  parse,
  parseJson,
  subjects,
  toErrorBody,
} from "@fairlead/protocol";
import type { Bus, BusHeaders, BusMessage, IncomingMessage, Subscription } from "./bus.ts";
import { decodeText, encodeJson } from "./encoding.ts";

/** Longer than anything a node does for one call, shorter than a user's patience. */
const CALL_TIMEOUT_MS = 5_000;

export type CallOptions = { timeoutMs?: number; headers?: BusHeaders };

/**
 * Asks one run of one node.
 * @throws {FairleadError} The node's own refusal; `node_unreachable` when nobody listens under that incarnation,
 * `node_timeout`, `bus_disconnected`.
 */
export function callNode<N extends NodeCallName>(
  bus: Bus,
  incarnation: Incarnation,
  name: N,
  data: NodeCallInput<N>,
  options: CallOptions = {},
): Promise<NodeCallReply<N>> {
  return callSubject(bus, subjects.nodeCall(incarnation), name, data, options);
}

/** The same for whichever node listens on `subject`, e.g. the owner of a room. */
export async function callSubject<N extends NodeCallName>(
  bus: Bus,
  subject: string,
  name: N,
  data: NodeCallInput<N>,
  { timeoutMs = CALL_TIMEOUT_MS, headers }: CallOptions = {},
): Promise<NodeCallReply<N>> {
  const call = encodeJson({ name, data } satisfies NodeCall);
  return readAnswer(name, await bus.request(subject, call, { timeoutMs, headers }));
}

/**
 * Asks every node that listens on `subject`.
 * @returns The answers that came within `timeoutMs`, without refusals.
 */
export async function callEveryNode<N extends NodeCallName>(
  bus: Bus,
  subject: string,
  name: N,
  data: NodeCallInput<N>,
  options: Required<Pick<CallOptions, "timeoutMs">> & CallOptions,
): Promise<NodeCallReply<N>[]> {
  const messages = await bus.requestMany(subject, encodeJson({ name, data } satisfies NodeCall), options);
  return messages.flatMap((message) => {
    try {
      return [readAnswer(name, message)];
    } catch {
      return [];
    }
  });
}

function readAnswer<N extends NodeCallName>(name: N, message: BusMessage): NodeCallReply<N> {
  const answer = parseJson(NodeAnswer, decodeText(message.data), "internal");
  if (!answer.ok) throw fromErrorBody(answer.error);
  return parse(NODE_CALLS[name].reply, answer.data, "internal") as NodeCallReply<N>;
}

export type NodeCallHandlers = {
  [N in NodeCallName]: (
    request: NodeCallRequest<N>,
    headers: BusHeaders,
  ) => Promise<NodeCallReply<N>> | NodeCallReply<N>;
};

/**
 * Answers the calls to one run of one node. A refusal (`FairleadError`) travels as such; anything else thrown is a bug,
 * goes to `onBug` once, and reaches the caller as `internal`.
 */
export function serveNodeCalls(
  bus: Bus,
  incarnation: Incarnation,
  handlers: NodeCallHandlers,
  onBug: (error: unknown, name: string, headers: BusHeaders) => void,
): Subscription {
  return serveSubject(bus, subjects.nodeCall(incarnation), handlers, onBug);
}

/** The same on another subject: of all nodes, or of a room that this node serves. Answers the calls that `handlers` names. */
export function serveSubject(
  bus: Bus,
  subject: string,
  handlers: Partial<NodeCallHandlers>,
  onBug: (error: unknown, name: string, headers: BusHeaders) => void,
): Subscription {
  return bus.subscribe(subject, (message) => void answer(message, handlers, onBug));
}

async function answer(
  message: IncomingMessage,
  handlers: Partial<NodeCallHandlers>,
  onBug: (error: unknown, name: string, headers: BusHeaders) => void,
): Promise<void> {
  let name = "(unparsed)";
  try {
    const call = parseJson(NodeCall, decodeText(message.data), "invalid_request");
    name = call.name;
    const data = await dispatch(call, handlers, message.headers);
    // Within the try: a reply that JSON can't hold, or the bus, is a bug of the handler like any other.
    message.respond?.(encodeJson({ ok: true, data } satisfies NodeAnswer));
  } catch (error) {
    if (!isRefusal(error)) onBug(error, name, message.headers);
    message.respond?.(encodeJson({ ok: false, error: toErrorBody(error) } satisfies NodeAnswer));
  }
}

/** A message that this process made too large is not its caller's fault, though the error is one of ours. */
function isRefusal(error: unknown): boolean {
  return error instanceof FairleadError && error.code !== "message_too_large";
}

async function dispatch(
  call: NodeCall,
  handlers: Partial<NodeCallHandlers>,
  headers: BusHeaders,
): Promise<unknown> {
  if (!Object.hasOwn(NODE_CALLS, call.name) || !Object.hasOwn(handlers, call.name))
    throw new FairleadError("unknown_command", { message: `no node call "${call.name}"` });
  const name = call.name as NodeCallName;
  const handle = handlers[name] as (request: unknown, headers: BusHeaders) => Promise<unknown>;
  return await handle(parse(NODE_CALLS[name].request, call.data), headers);
}
