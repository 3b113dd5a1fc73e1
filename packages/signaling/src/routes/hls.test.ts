import { verifyViewTicket } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { refusalOf } from "../testing/http-setup.ts";
import { NOW_MS, setUpSdp } from "../testing/sdp-setup.ts";

const HLS = "/v1/broadcasts/launch/hls";

async function setUp(given: Parameters<typeof setUpSdp>[0] = {}) {
  const parts = await setUpSdp(given);
  parts.node.answer("hls.view", ({ ticket }) => ({
    url: "https://live-1.example.org/hls/launch/",
    endsAtMs: null,
    ...(ticket === null ? {} : { identity: "ann" }),
  }));
  const watch = (path = HLS, headers: Record<string, string> = {}) =>
    parts.call("GET", path, undefined, { Authorization: "", ...headers });
  return { ...parts, watch };
}

const tokenOf = (answer: Response) =>
  /^https:\/\/live-1\.example\.org\/hls\/launch\/t\/([\w.-]+)\/index\.m3u8$/.exec(
    answer.headers.get("Location") ?? "",
  )?.[1] ?? expect.fail(`no playlist in ${answer.headers.get("Location")}`);

describe("a viewer by HLS", () => {
  it("of a public broadcast is led to a playlist of its own, by a ticket for the whole show", async () => {
    const { watch, sessionKeys, clock } = await setUp();
    const [first, second] = [await watch(), await watch()];
    expect([first.status, first.headers.get("Referrer-Policy"), first.headers.get("Cache-Control")]).toEqual([
      307,
      "no-referrer",
      "no-store",
    ]);
    const now = () => clock.nowMs;
    const views = [first, second].map((answer) =>
      verifyViewTicket(sessionKeys, tokenOf(answer), "launch", { now }),
    );
    const [one, two] = await Promise.all(views);
    expect(one?.jti).not.toBe(two?.jti);
    expect([one?.sub, one?.exp]).toEqual([undefined, NOW_MS / 1_000 + 24 * 3_600]);
  });

  it("of a private one needs a viewer's ticket, in the query or as a bearer token, which stays here", async () => {
    const { watch, viewer, sessionKeys, clock, node } = await setUp({ broadcast: { visibility: "private" } });
    expect(await refusalOf(await watch())).toEqual([401, "ticket_invalid"]);
    const ticket = await viewer();
    const answers = [
      await watch(`${HLS}?ticket=${ticket}`),
      await watch(HLS, { Authorization: `Bearer ${ticket}` }),
    ];
    for (const answer of answers) {
      expect(answer.headers.get("Location")).not.toContain(ticket);
      const view = await verifyViewTicket(sessionKeys, tokenOf(answer), "launch", { now: () => clock.nowMs });
      expect(view.sub).toBe("ann");
    }
    expect(node.callsTo("hls.view").map(({ request }) => request)).toMatchObject([{ ticket }, { ticket }]);
    const peers = await viewer({ role: "peer" });
    expect(await refusalOf(await watch(`${HLS}?ticket=${peers}`))).toEqual([401, "ticket_wrong_audience"]);
  });

  it("is led to this host where the packager names none", async () => {
    const { watch, node } = await setUp();
    node.answer("hls.view", () => ({ url: "/hls/launch/", endsAtMs: NOW_MS + 60_000 }));
    expect((await watch()).headers.get("Location")).toMatch(
      /^https:\/\/meet\.example\.org\/hls\/launch\/t\/[\w.-]+\/index\.m3u8$/,
    );
  });

  it("is told when to ask again where nobody makes HLS of it, or its home is of an older build", async () => {
    const { watch, node } = await setUp();
    for (const code of ["unknown_command", "broadcast_not_live"] as const) {
      node.refuseNext("hls.view", code);
      const answer = await watch();
      expect(await refusalOf(answer)).toEqual([409, "broadcast_not_live"]);
    }
    node.refuseNext("hls.view", "viewer_limit");
    expect(await refusalOf(await watch())).toEqual([403, "viewer_limit"]);
  });

  it("of one that is not live, or has no home, is refused before any node is asked", async () => {
    const { watch, node, create } = await setUp({
      broadcast: { state: "interrupted", interruptedAtMs: NOW_MS },
    });
    expect(await refusalOf(await watch())).toEqual([409, "broadcast_not_live"]);
    await create("over", { state: "ended" });
    expect(await refusalOf(await watch("/v1/broadcasts/over/hls"))).toEqual([410, "broadcast_ended"]);
    expect(node.callsTo("hls.view")).toEqual([]);
  });
});
