import type { BusHeaders } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { setUpHttp } from "../testing/http-setup.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** @returns The headers with which a request's call came to the node. */
async function headersAtNode(headers: Record<string, string>): Promise<BusHeaders> {
  const { call, node } = await setUpHttp(createMemoryBus(), createMemoryRegistry());
  const came: BusHeaders[] = [];
  node.answer("node.drain", (_request, busHeaders) => {
    came.push(busHeaders);
    return { state: "draining", rooms: 0 };
  });
  await call("POST", "/v1/nodes/node-a/drain", undefined, headers);
  return came[0] ?? {};
}

describe("a request's trace", () => {
  it("goes on to the node", async () => {
    const trace = { traceparent, tracestate: "vendor=1" };
    expect(await headersAtNode(trace)).toEqual(trace);
    expect(await headersAtNode({ traceparent })).toEqual({ traceparent });
  });

  it.each([
    ["none", ""],
    ["of another form", "00-short-b7ad6b7169203331-01"],
    ["of zeros", `00-${"0".repeat(32)}-b7ad6b7169203331-01`],
  ])("goes no further when it is %s", async (_what, given) => {
    expect(await headersAtNode({ traceparent: given, tracestate: "vendor=1" })).toEqual({});
  });
});
