import { callNode, serveSubject } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { subjects } from "@fairlead/protocol";
import { type LogFields, silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { traceFields, traceNoter } from "./trace-calls.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

it("a call that belongs to a trace is noted with it, and answered; a bug in it too", async () => {
  const lines: [string, LogFields | undefined][] = [];
  const log = {
    ...silentLogger,
    debug: (event: string, fields?: LogFields) => void lines.push([event, fields]),
  };
  const refuse = () => {
    throw new TypeError("a bug");
  };
  const handlers = { "node.ping": () => ({}), "node.drain": refuse };
  const bus = createMemoryBus();
  serveSubject(bus, subjects.nodeCall("run-1"), handlers, {
    onBug: (_error, name, headers) => log.debug("call.failed", { name, ...traceFields(headers) }),
    beforeCall: traceNoter(log),
  });
  await callNode(bus, "run-1", "node.ping", {});
  expect(lines).toEqual([]);
  await callNode(bus, "run-1", "node.ping", {}, { headers: { traceparent } });
  await expect(callNode(bus, "run-1", "node.drain", {}, { headers: { traceparent } })).rejects.toThrow();
  expect(lines).toEqual([
    ["call.received", { name: "node.ping", traceId }],
    ["call.received", { name: "node.drain", traceId }],
    ["call.failed", { name: "node.drain", traceId }],
  ]);
});

it.each<Record<string, string>>([
  {},
  { traceparent: "" },
  { traceparent: `00-${"x".repeat(32)}-b7ad6b7169203331-01` },
])("%o is no trace", (headers) => expect(traceFields(headers)).toEqual({}));
