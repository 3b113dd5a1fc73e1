import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { issueTicket } from "@fairlead/tickets";
import { expect, it } from "vitest";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";

const GRANTS = { publish: [], subscribe: true, data: false, moderate: false };

it("a stream of events that nobody waits for any more attaches to no session", async () => {
  const { signaling, ticketKeys, node, call } = await setUpHttp(createMemoryBus(), createMemoryRegistry());
  const { ticket } = await issueTicket(ticketKeys, { room: "a", identity: "ann", grants: GRANTS, ttlS: 60 });
  const join = { protocolVersion: 1, joinId: crypto.randomUUID(), capabilitiesVersion: "v" };
  const opened = await (await call("POST", "/v1/sessions", { ...join, ticket, rtpCapabilities: {} })).json();
  const follow = (signal: AbortSignal) =>
    signaling.app.request(`/v1/sessions/${opened.sessionId}/events`, {
      headers: { Authorization: `Bearer ${opened.sessionTicket}`, "Last-Event-ID": opened.position },
      signal,
    });
  expect(await refusalOf(await follow(AbortSignal.abort()))).toEqual([410, "session_gone"]);
  expect(node.callsTo("session.attach")).toEqual([]);
  const response = await follow(new AbortController().signal);
  expect([response.status, node.callsTo("session.attach").length]).toEqual([200, 1]);
  await response.body?.cancel();
});
