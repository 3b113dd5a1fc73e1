import type { Visibility } from "@fairlead/protocol";
import { generateKeySet, issueTicket, type KeySet } from "@fairlead/tickets";
import { beforeAll, expect, it, vi } from "vitest";
import { noHooks } from "../hooks/hooks.ts";
import { Bans } from "../room/bans.ts";
import { openHlsView } from "./open-hls-view.ts";
import { recordOf } from "./testing/record-of.ts";

let ticketKeys: KeySet;
beforeAll(async () => {
  ticketKeys = await generateKeySet();
});

function setUp(visibility: Visibility, askPlay = vi.fn(async () => {})) {
  const packaging: { served: { url: string; viewers: number } | undefined } = {
    served: { url: "/hls/r/", viewers: 0 },
  };
  const broadcast = { packaging, record: recordOf({ visibility }), gate: { assertLive: vi.fn() } };
  const room = { bans: new Bans() };
  const deps = {
    rooms: { room: () => room },
    broadcasts: { of: async () => broadcast },
    hooks: { ...noHooks, askPlay },
    keys: { ticketKeys },
    now: Date.now,
  } as unknown as Parameters<typeof openHlsView>[1];
  const view = (ticket: string | null = null) => openHlsView({ roomId: "r", epoch: 1, ticket }, deps);
  const ticketOf = async (role: "viewer" | "peer" = "viewer") =>
    (await issueTicket(ticketKeys, { room: "r", identity: "bob", role })).ticket;
  return { view, ticketOf, packaging, broadcast, room, askPlay };
}
const refusal = (code: string) => expect.objectContaining({ code });

it("a viewer by HLS is told where it is served, once the hook has agreed", async () => {
  const { view, ticketOf, askPlay } = setUp("public");
  expect(await view()).toEqual({ url: "/hls/r/", endsAtMs: null });
  expect(await view(await ticketOf())).toEqual({ url: "/hls/r/", endsAtMs: null, identity: "bob" });
  expect(askPlay.mock.calls).toMatchObject([[{ kind: "hls", identity: null }], [{ identity: "bob" }]]);
  const refused = setUp(
    "public",
    vi.fn(() => Promise.reject(refusal("hook_refused"))),
  );
  await expect(refused.view()).rejects.toEqual(refusal("hook_refused"));
});

it("is refused what it may not watch: without a viewer's ticket, banned, or not packaged", async () => {
  const { view, ticketOf, packaging, broadcast, room, askPlay } = setUp("private");
  await expect(view()).rejects.toEqual(refusal("ticket_invalid"));
  await expect(view(await ticketOf("peer"))).rejects.toEqual(refusal("ticket_wrong_audience"));
  packaging.served = undefined;
  await expect(view(await ticketOf())).rejects.toMatchObject({
    code: "broadcast_not_live",
    retryAfterMs: 2_000,
  });
  broadcast.gate.assertLive.mockImplementation(() => {
    throw refusal("viewer_limit");
  });
  await expect(view(await ticketOf())).rejects.toEqual(refusal("viewer_limit"));
  room.bans.add({ identity: "bob" });
  await expect(view(await ticketOf())).rejects.toEqual(refusal("banned"));
  expect(askPlay).not.toHaveBeenCalled();
});

it("one that ends while the hook is asked is not served", async () => {
  const { view, packaging } = setUp(
    "public",
    vi.fn(async () => {
      packaging.served = undefined;
    }),
  );
  await expect(view()).rejects.toEqual(refusal("broadcast_not_live"));
});
