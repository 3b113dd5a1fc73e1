import { type ErrorCode, FairleadError, hashStreamKey, makeStreamKey } from "@fairlead/protocol";
import { createConsoleLogger } from "@fairlead/telemetry/console";
import { describe, expect, it } from "vitest";
import { refusalOf } from "../testing/http-setup.ts";
import { SCRIPTED_ANSWER, SCRIPTED_OFFER } from "../testing/scripted-broadcasts.ts";
import { NOW_MS, setUpSdp } from "../testing/sdp-setup.ts";

const WHEP = "/v1/broadcasts/launch/whep";
const CANDIDATE = "a=ice-ufrag:EsAw\r\na=candidate:1 1 udp 1 192.0.2.1 61764 typ host\r\n";
const LIMITS = { address: { limit: 3, windowMs: 60_000 } };

function away(): Promise<never> {
  return Promise.reject(new FairleadError("registry_unreachable"));
}

async function setUpLogged(given: Parameters<typeof setUpSdp>[0] = {}) {
  const lines: string[] = [];
  const log = createConsoleLogger({ level: "debug", write: (line) => lines.push(line) });
  return { lines, ...(await setUpSdp({ log, address: "192.0.2.7", ...given })) };
}

describe("a stream key", () => {
  it("opens its own broadcast and no other, and the refusal tells nothing of what there is", async () => {
    const { post, key, create, node } = await setUpSdp();
    const other = await create("other", { state: "created" });
    const refused = [
      post("/v1/whip"),
      post("/v1/whip", { key: "launch" }),
      post("/v1/whip", { key: `${key}x` }),
      post("/v1/whip", { key: makeStreamKey("launch") }),
      post("/v1/whip", { key: makeStreamKey("nothing") }),
      post("/v1/broadcasts/launch/whip", { key: other }),
      post("/v1/broadcasts/nothing/whip", { key }),
    ];
    for (const answer of await Promise.all(refused))
      expect(await refusalOf(answer)).toEqual([401, "stream_key_invalid"]);
    expect(node.callsTo("whip.open")).toEqual([]);
    expect((await post("/v1/broadcasts/other/whip", { key: other })).status).toBe(201);
    expect((await post("/v1/whip", { key: other })).headers.get("Location")).toContain("/other/whip/");
  });

  it("of before goes on being valid while keys are rotated, and the node hears its hash alone", async () => {
    const { post, create, node } = await setUpSdp();
    const [older, newer] = [makeStreamKey("show"), makeStreamKey("show")];
    await create("show", {
      state: "created",
      keyHashes: [await hashStreamKey(newer), await hashStreamKey(older)],
    });
    for (const key of [older, newer]) expect((await post("/v1/whip", { key })).status).toBe(201);
    const [call] = node.callsTo("whip.open");
    expect(call?.request).toMatchObject({ keyHash: await hashStreamKey(older), lease: { roomId: "show" } });
    expect(JSON.stringify(node.calls)).not.toContain(older);
  });

  it("that is wrong is counted for its address, which makes no more work then, and is told to the operator", async () => {
    const { post, key, node, registry, lines, clock } = await setUpLogged({
      rateLimits: LIMITS,
      broadcast: { state: "created" },
    });
    let reads = 0;
    const { describeRoom } = registry;
    registry.describeRoom = (id) => {
      reads += 1;
      return describeRoom.call(registry, id);
    };
    const guess = async () => refusalOf(await post("/v1/whip", { key: makeStreamKey("launch") }));
    const codes = [];
    for (let time = 0; time < 10; time += 1) codes.push(await guess());
    expect(codes.slice(0, 3)).toEqual(Array(3).fill([401, "stream_key_invalid"]));
    expect(codes.slice(3)).toEqual(Array(7).fill([429, "rate_limited"]));
    expect(reads).toBe(4);
    const told = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "stranger.refused");
    expect(told).toMatchObject([{ code: "stream_key_invalid", address: "192.0.2.7" }]);
    expect(lines.join()).not.toContain(key.slice(7));
    clock.nowMs += 60_000;
    await node.beat();
    expect((await post("/v1/whip", { key })).status).toBe(201);
  });
});

describe("a publisher", () => {
  it("comes to no broadcast that has ended, whether anybody wrote so or not", async () => {
    const { post, create, node } = await setUpSdp();
    const ended = [
      await create("a", { state: "ended", endedAtMs: NOW_MS - 1 }),
      await create("b", { endsAtMs: NOW_MS }),
    ];
    for (const key of ended)
      expect(await refusalOf(await post("/v1/whip", { key }))).toEqual([410, "broadcast_ended"]);
    expect(node.callsTo("whip.open")).toEqual([]);
  });

  it("is told when to come again while another one is live", async () => {
    const { publish, node } = await setUpSdp();
    node.answer("whip.open", () => {
      throw new FairleadError("publisher_active", { retryAfterMs: 1_500 });
    });
    const answer = await publish();
    expect(answer.headers.get("Retry-After")).toBe("2");
    expect(await refusalOf(answer)).toEqual([409, "publisher_active"]);
  });

  it.each(["node_draining", "lease_lost", "node_timeout"] as const)(
    "is placed again after %s",
    async (code) => {
      const { publish, node } = await setUpSdp();
      node.refuseNext("whip.open", code);
      expect((await publish()).status).toBe(201);
      expect(node.callsTo("whip.open")).toHaveLength(2);
    },
  );

  it("is asked to come again where the room's node is of a build without broadcasts", async () => {
    const { publish, node } = await setUpSdp();
    node.answer("whip.open", () => {
      throw new FairleadError("unknown_command");
    });
    const answer = await publish();
    expect(answer.headers.get("Retry-After")).toBe("2");
    expect(await refusalOf(answer)).toEqual([503, "core_full"]);
  });

  it("waits for a registry that is away, with Retry-After; sessions are changed and ended without it", async () => {
    const { publish, patch, ask, pathOf, registry, key } = await setUpSdp();
    const opened = await publish();
    for (const name of ["describeRoom", "place", "count", "listNodes"] as const) registry[name] = away;
    const answer = await publish();
    expect(answer.headers.get("Retry-After")).toBe("1");
    expect(await refusalOf(answer)).toEqual([503, "registry_unreachable"]);
    const etag = opened.headers.get("ETag") ?? "";
    expect((await patch(pathOf(opened), CANDIDATE, etag)).status).toBe(204);
    expect((await ask("DELETE", pathOf(opened), { key })).status).toBe(204);
  });

  it("waits for a registry that has lost the record of a broadcast that runs", async () => {
    const { publish, registry, node } = await setUpSdp();
    await publish();
    const { broadcast } = (await registry.describeRoom("launch")) ?? {};
    if (!broadcast) return expect.fail("no record");
    node.answer("broadcast.describe", () => ({
      record: broadcast,
      viewers: 0,
      peakViewers: 0,
      publisher: null,
    }));
    registry.describeRoom = async () => null;
    const answer = await publish();
    expect(answer.headers.get("Retry-After")).toBe("1");
    expect(await refusalOf(answer)).toEqual([503, "registry_cold"]);
  });

  it("that has gone before it is answered leaves no session", async () => {
    const { signaling, node, key } = await setUpSdp();
    const asked = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    node.answer("whip.open", async ({ lease: { epoch } }) => {
      asked.resolve();
      await mayAnswer.promise;
      return { sessionId: "session-1", answer: SCRIPTED_ANSWER, etag: '"a"', epoch, iceServers: [] };
    });
    const gone = new AbortController();
    const request = new Request("http://signaling.test/v1/whip", {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/sdp" },
      body: SCRIPTED_OFFER,
      signal: gone.signal,
    });
    const answer = signaling.app.request(request);
    await asked.promise;
    gone.abort();
    mayAnswer.resolve();
    await answer;
    const access = { roomId: "launch", sessionId: "session-1", bearer: await hashStreamKey(key) };
    expect(node.callsTo("sdp_session.close").map(({ request }) => request)).toEqual([access]);
  });
});

describe("a viewer by WHEP", () => {
  it("of a public broadcast needs no ticket; one that it has is verified all the same", async () => {
    const { post, viewer, node } = await setUpSdp();
    expect((await post(WHEP)).status).toBe(201);
    const ticket = await viewer();
    expect((await post(WHEP, { key: ticket })).status).toBe(201);
    expect(node.callsTo("whep.open").map(({ request }) => request)).toMatchObject([
      { ticket: null, bearer: null },
      { ticket, bearer: await hashStreamKey(ticket) },
    ]);
    expect(await refusalOf(await post(WHEP, { key: "a.b.c" }))).toEqual([401, "ticket_invalid"]);
  });

  it("of a private one needs a viewer's ticket, and one of it", async () => {
    const { post, viewer } = await setUpSdp({ broadcast: { visibility: "private" } });
    expect(await refusalOf(await post(WHEP))).toEqual([401, "ticket_invalid"]);
    expect((await post(WHEP, { key: await viewer() })).status).toBe(201);
    const peers = await viewer({ role: "peer" });
    expect(await refusalOf(await post(WHEP, { key: peers }))).toEqual([401, "ticket_wrong_audience"]);
    const others = await viewer({ room: "other" });
    expect(await refusalOf(await post(WHEP, { key: others }))).toEqual([403, "ticket_wrong_room"]);
  });

  it.each([
    [{ state: "created", startsAtMs: NOW_MS + 20_000 }, [409, "broadcast_not_live"], "20"],
    [{ state: "created", startsAtMs: NOW_MS + 3_600_000 }, [409, "broadcast_not_live"], "30"],
    [{ state: "created" }, [409, "broadcast_not_live"], "1"],
    [{ state: "interrupted", interruptedAtMs: NOW_MS }, [409, "broadcast_not_live"], "1"],
    [{ state: "ended", endedAtMs: NOW_MS }, [410, "broadcast_ended"], null],
    [{ endsAtMs: NOW_MS }, [410, "broadcast_ended"], null],
  ] as const)("of one that is %j is refused", async (broadcast, refusal, retryAfter) => {
    const { post, node } = await setUpSdp({ broadcast });
    const answer = await post(WHEP);
    expect(answer.headers.get("Retry-After")).toBe(retryAfter);
    expect(await refusalOf(answer)).toEqual(refusal);
    expect(node.callsTo("whep.open")).toEqual([]);
  });

  it("of one whose home has died is asked to come again, and places nothing", async () => {
    const { post, create, node } = await setUpSdp();
    await create("homeless");
    const answer = await post("/v1/broadcasts/homeless/whep");
    // Nobody knows when it was alive: it has ended long ago.
    expect(await refusalOf(answer)).toEqual([410, "broadcast_ended"]);
    expect(node.callsTo("whep.open")).toEqual([]);
  });

  it("of a room that is none is refused", async () => {
    const { post, place } = await setUpSdp();
    await place("meeting");
    for (const id of ["nothing", "meeting"])
      expect(await refusalOf(await post(`/v1/broadcasts/${id}/whep`))).toEqual([404, "broadcast_not_found"]);
    expect(await refusalOf(await post("/v1/broadcasts/a.b/whep"))).toEqual([400, "invalid_request"]);
  });

  it("that is one too many is not told to come again at once", async () => {
    const { post, node } = await setUpSdp();
    node.refuseNext("whep.open", "viewer_limit");
    const answer = await post(WHEP);
    expect(answer.headers.has("Retry-After")).toBe(false);
    expect(await refusalOf(answer)).toEqual([403, "viewer_limit"]);
  });

  it("that is banned is refused", async () => {
    const { post, viewer, registry } = await setUpSdp();
    await registry.updateRoom("launch", { ban: { identity: "ann" } });
    expect(await refusalOf(await post(WHEP, { key: await viewer() }))).toEqual([403, "banned"]);
    expect((await post(WHEP, { key: await viewer({ identity: "bob" }) })).status).toBe(201);
  });

  it("watches what runs while the registry is away, and what it has lost: the node decides", async () => {
    const { publish, post, registry } = await setUpSdp();
    await publish();
    registry.describeRoom = async () => null;
    expect((await post(WHEP)).status).toBe(201);
    for (const name of ["describeRoom", "place", "count", "listNodes"] as const) registry[name] = away;
    expect((await post(WHEP)).status).toBe(201);
    const answer = await post("/v1/broadcasts/nothing/whep");
    expect(answer.headers.get("Retry-After")).toBe("1");
    expect(await refusalOf(answer)).toEqual([503, "registry_unreachable"]);
  });

  it("is counted for its address, refused or not", async () => {
    const { post, clock } = await setUpSdp({ rateLimits: LIMITS, address: "192.0.2.7" });
    const codes = [];
    for (const path of [WHEP, "/v1/broadcasts/nothing/whep", WHEP, WHEP, "/v1/broadcasts/nothing/whep"])
      codes.push((await post(path)).status);
    expect(codes).toEqual([201, 404, 201, 429, 429]);
    clock.nowMs += 60_000;
    expect((await post(WHEP)).status).toBe(410);
  });

  it.each([{ visibility: "private" }, { state: "created" }, { state: "ended", endedAtMs: NOW_MS }] as const)(
    "is counted for its room only where it asks for a place: not of one that is %j",
    async (broadcast) => {
      const { post, key, registry } = await setUpSdp({ broadcast, rateLimits: { room: LIMITS.address } });
      for (let time = 0; time < 5; time += 1) {
        expect((await post(WHEP)).status).not.toBe(429);
        if (broadcast.state === "ended") expect((await post("/v1/whip", { key })).status).toBe(410);
      }
      const room = { name: "room", subject: "launch", ...LIMITS.address } as const;
      for (let time = 0; time < 3; time += 1) await registry.count([room]);
      await expect(registry.count([room])).rejects.toMatchObject({ code: "rate_limited" });
    },
  );

  it("is one of the openings of its process, whether the registry is there or not", async () => {
    const { publish, post, registry } = await setUpSdp({ openings: { perSecond: 1, burst: 3 } });
    await publish();
    expect((await post(WHEP)).status).toBe(201);
    for (const name of ["describeRoom", "place", "count", "listNodes"] as const) registry[name] = away;
    expect((await post(WHEP)).status).toBe(201);
    expect(await refusalOf(await post(WHEP))).toEqual([503, "signaling_full"]);
  });
});

/** `ask` itself holds each answer to the document. */
describe("whatever a node refuses with", () => {
  const OF_ANY: ErrorCode[] = ["node_unreachable", "node_timeout", "bus_disconnected", "internal"];
  const OF_OPENING: ErrorCode[] = [
    ...OF_ANY,
    ...(["invalid_request", "lease_lost", "core_full", "no_capacity", "node_draining"] as const),
    ...(["registry_unreachable", "registry_cold", "rate_limited", "banned"] as const),
    ...(["broadcast_not_found", "broadcast_ended", "hook_refused", "hook_unreachable"] as const),
    ...(["not_acceptable", "sdp_unprocessable"] as const),
  ];

  it("is in the document, of an opening", async () => {
    const { publish, post, node } = await setUpSdp();
    for (const code of [...OF_OPENING, "stream_key_invalid", "publisher_active"] as const) {
      for (let time = 0; time < 2; time += 1) node.refuseNext("whip.open", code);
      await publish();
    }
    for (const code of [...OF_OPENING, "broadcast_not_live", "viewer_limit", "ticket_invalid"] as const) {
      for (let time = 0; time < 2; time += 1) node.refuseNext("whep.open", code);
      await post(WHEP);
    }
    expect(node.callsTo("whep.open").length).toBeGreaterThan(OF_OPENING.length);
  });

  it("is in the document, of a session", async () => {
    const { publish, ask, patch, pathOf, key, node } = await setUpSdp();
    const path = pathOf(await publish());
    const codes = ["sdp_session_not_found", "invalid_request", "sdp_unprocessable"] as const;
    for (const code of [...OF_ANY, ...codes, "precondition_failed", "rate_limited"] as const) {
      node.refuseNext("sdp_session.patch", code);
      expect((await patch(path, CANDIDATE, '"EsAw"')).status).toBeGreaterThanOrEqual(400);
    }
    for (const code of [...OF_ANY, "sdp_session_not_found"] as const) {
      node.refuseNext("sdp_session.close", code);
      expect((await ask("DELETE", path, { key })).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe("a session", () => {
  it("is changed and ended by whoever has its URL and its bearer token, and by nobody else", async () => {
    const { publish, post, ask, patch, pathOf, key, create, viewer } = await setUpSdp();
    const path = pathOf(await publish());
    const other = await create("other");
    for (const wrong of [other, makeStreamKey("launch")]) {
      expect(await refusalOf(await ask("DELETE", path, { key: wrong }))).toEqual([
        404,
        "sdp_session_not_found",
      ]);
      expect((await patch(path, CANDIDATE, '"EsAw"', { key: wrong })).status).toBe(404);
    }
    expect((await ask("DELETE", path.replace("/launch/", "/other/"), { key })).status).toBe(404);
    expect((await ask("DELETE", path, { key })).status).toBe(204);
    const ticket = await viewer();
    const watched = pathOf(await post(WHEP, { key: ticket }));
    expect((await ask("DELETE", watched)).status).toBe(404);
    expect((await ask("DELETE", watched, { key: ticket })).status).toBe(204);
    expect((await ask("DELETE", pathOf(await post(WHEP)))).status).toBe(204);
  });

  it("of a node that is gone, or of another run of it, is not found", async () => {
    const { publish, ask, patch, pathOf, key, node } = await setUpSdp();
    const path = pathOf(await publish());
    expect((await ask("DELETE", path.replace("node-a-run", "node-a-before"), { key })).status).toBe(404);
    node.kill();
    expect(await refusalOf(await ask("DELETE", path, { key }))).toEqual([404, "sdp_session_not_found"]);
    expect((await patch(path, CANDIDATE, '"EsAw"')).status).toBe(404);
  });

  it("is guessed so often and no more, and that is told to the operator", async () => {
    const { publish, ask, pathOf, lines, node } = await setUpLogged({ rateLimits: LIMITS });
    const path = pathOf(await publish()).replace("/whip/", "/whep/");
    const statuses = [];
    for (let time = 0; time < 6; time += 1)
      statuses.push((await ask("DELETE", path.replace(/[^/]+$/, `guess-${time}`))).status);
    expect(statuses).toEqual([404, 404, 404, 429, 429, 429]);
    expect(node.callsTo("sdp_session.close")).toHaveLength(4);
    expect(lines.join()).toMatch(/stranger\.refused.*sdp_session_not_found/);
  });

  it("is patched so often and no more", async () => {
    const { publish, patch, pathOf, clock } = await setUpSdp();
    const path = pathOf(await publish());
    const statuses = new Map<number, number>();
    for (let time = 0; time < 60; time += 1) {
      const { status } = await patch(path, CANDIDATE, '"EsAw"');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 204: 50, 429: 10 });
    clock.nowMs += 1_000;
    expect((await patch(path, CANDIDATE, '"EsAw"')).status).toBe(204);
  });

  it("has its URL in no line of the log", async () => {
    const { publish, ask, post, patch, pathOf, key, lines } = await setUpLogged();
    const [published, watched] = [pathOf(await publish()), pathOf(await post(WHEP))];
    await patch(published, CANDIDATE, '"EsAw"');
    await ask("DELETE", published, { key });
    await ask("DELETE", watched);
    expect(lines.filter((line) => line.includes("http.answered")).length).toBeGreaterThan(4);
    expect(lines.join()).toContain("/v1/broadcasts/launch/whip/node-a-run/…");
    for (const path of [published, watched])
      expect(lines.filter((line) => line.includes(path.split("/").at(-1) ?? ""))).toEqual([]);
  });

  it.each([
    "/v1/broadcasts/launch/whip/node-a-run/SECRET/",
    "/v1/broadcasts/launch/whip/node-a-run/SECRET/ice",
    "/v1/broadcasts/launch/whep/node-a-run//SECRET",
    "//v1//broadcasts//launch//whip//node-a-run//SECRET//",
    "/V1/Broadcasts/launch/WHIP/node-a-run/SECRET",
    "/v1/broadcasts/launch/whip/node-a-run%2FSECRET",
    "/v1/broadcasts%2flaunch%2fwhep%252Fnode-a-run%5CSECRET%2f",
    "/v1/broadcasts/launch/wh%69p/node-a-run/SECRET",
    "/v1/broadcasts/whip/whip/node-a-run/SECRET/",
    "/proxy/v1/broadcasts/launch/whip/node-a-run/SECRET%E0",
    "/hls/launch/t/SECRET/index.m3u8",
    "//hls//launch//T%2FSECRET/source/index.m3u8",
    "/hls/launch/t/SECRET",
  ])("has its URL in no line of the log, though it was written slightly wrong: %s", async (path) => {
    const { signaling, lines } = await setUpLogged();
    await signaling.app.request(`http://signaling.test${path}`, { method: "DELETE" });
    const told = lines.filter((line) => line.includes("http.answered"));
    expect(told).toHaveLength(1);
    expect(told.join()).toContain("…");
    expect(lines.join()).not.toContain("SECRET");
  });

  it.each(["/v1/whip", "/v1/broadcasts/launch/whip", WHEP, "session"])(
    "and endpoints answer other methods with 405 and what they take: %s",
    async (given) => {
      const { ask, publish, pathOf } = await setUpSdp();
      const path = given === "session" ? pathOf(await publish()) : given;
      const answer = await ask("PUT", path);
      const takes = given === "session" ? "PATCH, DELETE, GET, HEAD" : "POST, GET, HEAD";
      expect([answer.status, answer.headers.get("Allow")]).toEqual([405, takes]);
      const options = await ask("OPTIONS", path);
      const accepts = given === "session" ? "Accept-Patch" : "Accept-Post";
      expect([options.status, options.headers.has(accepts)]).toEqual([200, true]);
    },
  );
});
