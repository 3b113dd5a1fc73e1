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

/**
 * Tells one run of one node something and waits for no answer: for what is told again if it is lost.
 * @throws {FairleadError} `bus_disconnected`.
 */
export function tellNode<N extends NodeCallName>(
  bus: Bus,
  incarnation: Incarnation,
  name: N,
  data: NodeCallInput<N>,
): void {
  bus.publish(subjects.nodeCall(incarnation), encodeJson({ name, data } satisfies NodeCall));
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

export type ServeHooks = {
  /** Hears once of each bug in a handler. */
  onBug(error: unknown, name: string, headers: BusHeaders): void;
  /** Called with each parsed call before its handler. A `FairleadError` from here refuses the call. */
  beforeCall?(name: NodeCallName, request: unknown, headers: BusHeaders): void;
};

/**
 * Answers the calls to `subject` that `handlers` names: of one run of a node, of all nodes, or of a room that this node serves.
 * A refusal (`FairleadError`) travels as such; anything else thrown is a bug, and reaches the caller as `internal`.
 */
export function serveSubject(
  bus: Bus,
  subject: string,
  handlers: Partial<NodeCallHandlers>,
  hooks: ServeHooks & {
    /** Of a queue group each call reaches one process. */
    queue?: string;
  },
): Subscription {
  const { queue } = hooks;
  return bus.subscribe(
    subject,
    (message) => void answer(message, handlers, hooks),
    queue === undefined ? {} : { queue },
  );
}

async function answer(
  message: IncomingMessage,
  handlers: Partial<NodeCallHandlers>,
  hooks: ServeHooks,
): Promise<void> {
  let name = "(unparsed)";
  try {
    const call = parseJson(NodeCall, decodeText(message.data), "invalid_request");
    name = call.name;
    const data = await dispatch(call, message.headers, handlers, hooks);
    // Within the try: a reply that JSON can't hold, or the bus, is a bug of the handler like any other.
    message.respond?.(encodeJson({ ok: true, data } satisfies NodeAnswer));
  } catch (error) {
    if (!isRefusal(error)) hooks.onBug(error, name, message.headers);
    message.respond?.(encodeJson({ ok: false, error: toErrorBody(error) } satisfies NodeAnswer));
  }
}

/** A message that this process made too large is not its caller's fault, though the error is one of ours. */
function isRefusal(error: unknown): boolean {
  return error instanceof FairleadError && error.code !== "message_too_large";
}

async function dispatch(
  call: NodeCall,
  headers: BusHeaders,
  handlers: Partial<NodeCallHandlers>,
  { beforeCall }: ServeHooks,
): Promise<unknown> {
  if (!Object.hasOwn(NODE_CALLS, call.name) || !Object.hasOwn(handlers, call.name))
    throw new FairleadError("unknown_command", { message: `no node call "${call.name}"` });
  const name = call.name as NodeCallName;
  const handle = handlers[name] as (request: unknown, headers: BusHeaders) => Promise<unknown>;
  const request = parse(NODE_CALLS[name].request, call.data);
  beforeCall?.(name, request, headers);
  return await handle(request, headers);
}
