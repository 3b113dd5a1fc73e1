import { expect } from "vitest";
import { SCRIPTED_ANSWER } from "./scripted-broadcasts.ts";
import type { ScriptedNode } from "./scripted-node.ts";
import type { SdpRequests } from "./sdp-requests.ts";

/** A signaling process with the public URL `https://meet.example.org`, the live and public broadcast `launch`, and its scripted node. */
export type MustSetup = SdpRequests & {
  key: string;
  node: Pick<ScriptedNode, "callsTo" | "refuseNext" | "kill">;
};
/** What RFC 9725 demands of a server, by section. The demands on SDP itself are the media node's: apps/media-node/src/sdp. */
export type Must = [section: string, sentence: string, hold: (setup: MustSetup) => Promise<void>];

const ENDPOINTS = ["/v1/whip", "/v1/broadcasts/launch/whip", "/v1/broadcasts/launch/whep"];
const CANDIDATE = "a=ice-ufrag:EsAw\r\na=candidate:1 1 udp 1 192.0.2.1 61764 typ host\r\n";
const RESTART = "a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n";

export const MUSTS: readonly Must[] = [
  [
    "4.1",
    "GET is answered with 2xx and no content, by endpoints and by sessions",
    async ({ ask, publish, pathOf }) => {
      for (const path of [...ENDPOINTS, pathOf(await publish())])
        for (const method of ["GET", "HEAD"]) {
          const answer = await ask(method, path);
          expect([answer.status, await answer.text()]).toEqual([204, ""]);
        }
    },
  ],
  [
    "4.2",
    "an offer is answered with 201, application/sdp, the answer, and the session's URL in Location",
    async ({ post, key }) => {
      for (const path of ENDPOINTS) {
        const answer = await post(path, path.endsWith("whep") ? {} : { key });
        expect(answer.status).toBe(201);
        expect(answer.headers.get("Content-Type")).toBe("application/sdp");
        expect(await answer.text()).toBe(SCRIPTED_ANSWER);
        const kind = path.endsWith("whep") ? "whep" : "whip";
        expect(answer.headers.get("Location")).toMatch(
          new RegExp(`^https://meet\\.example\\.org/v1/broadcasts/launch/${kind}/node-a-run/[\\w-]{22}$`),
        );
      }
    },
  ],
  [
    "4.2",
    "a POST of another content type is rejected with 4xx",
    async ({ post, key }) => {
      for (const type of ["application/json", "text/plain", "application/sdp2", "multipart/form-data"])
        expect((await post("/v1/whip", { key, type })).status).toBe(415);
      for (const type of ["application/sdp; charset=utf-8", "Application/SDP"])
        expect((await post("/v1/whip", { key, type })).status).toBe(201);
    },
  ],
  [
    "4.2",
    "an offer that is malformed is rejected with 4xx",
    async ({ post, key }) => {
      for (const body of ["", "hello", "v=0\r\n"])
        expect((await post("/v1/whip", { key, body })).status).toBe(400);
      expect((await post("/v1/whip", { key, body: "v=0\r\n".repeat(20_000) })).status).toBe(413);
    },
  ],
  [
    "4.2",
    "OPTIONS is supported for CORS, and its 200 names what may be posted",
    async ({ ask }) => {
      for (const path of ENDPOINTS) {
        const answer = await ask("OPTIONS", path, {
          headers: {
            Origin: "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
          },
        });
        expect([answer.status, answer.headers.get("Accept-Post")]).toEqual([200, "application/sdp"]);
        expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
        expect(answer.headers.get("Access-Control-Allow-Methods")).toMatch(/POST.*PATCH.*DELETE.*OPTIONS/);
        expect(answer.headers.get("Access-Control-Allow-Headers")).toMatch(
          /Authorization.*Content-Type.*If-Match/,
        );
      }
    },
  ],
  [
    "4.2",
    "DELETE ends the session",
    async ({ ask, publish, pathOf, key, node }) => {
      const path = pathOf(await publish());
      expect((await ask("DELETE", path, { key })).status).toBe(204);
      expect(node.callsTo("sdp_session.close")).toHaveLength(1);
      expect((await ask("DELETE", path, { key })).status).toBe(404);
    },
  ],
  [
    "4.3.1",
    "a PATCH of another content type, or of a malformed fragment, is rejected with 4xx",
    async ({ ask, patch, publish, pathOf, key }) => {
      const path = pathOf(await publish());
      expect((await ask("PATCH", path, { key, type: "application/sdp", body: CANDIDATE })).status).toBe(415);
      expect((await patch(path, "hello", '"EsAw"')).status).toBe(400);
    },
  ],
  [
    "4.3.1",
    "a strong entity tag names the ICE session, in 201",
    async ({ publish }) => {
      expect((await publish()).headers.get("ETag")).toMatch(/^"[^"]+"$/);
    },
  ],
  [
    "4.3.1",
    "an entity tag counts for nothing in a DELETE",
    async ({ ask, publish, pathOf, key }) => {
      const path = pathOf(await publish());
      expect((await ask("DELETE", path, { key, headers: { "If-Match": '"other"' } })).status).toBe(204);
    },
  ],
  [
    "4.3.1",
    "a PATCH without an entity tag is answered with 428, one with another with 412",
    async ({ patch, publish, pathOf }) => {
      const path = pathOf(await publish());
      expect((await patch(path, CANDIDATE)).status).toBe(428);
      expect((await patch(path, CANDIDATE, '"of-yesterday"')).status).toBe(412);
    },
  ],
  [
    "4.3.2",
    "candidates are answered with 204, without body and entity tag",
    async ({ patch, publish, pathOf }) => {
      const opened = await publish();
      const answer = await patch(pathOf(opened), CANDIDATE, opened.headers.get("ETag") ?? "");
      expect([answer.status, await answer.text(), answer.headers.get("ETag")]).toEqual([204, "", null]);
    },
  ],
  [
    "4.3.3",
    "an ICE restart is answered with 200, the new credentials as a fragment, and a new entity tag",
    async ({ patch, publish, pathOf }) => {
      const opened = await publish();
      const answer = await patch(pathOf(opened), RESTART, "*");
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Content-Type")).toBe("application/trickle-ice-sdpfrag");
      expect(await answer.text()).toMatch(/^a=ice-ufrag:/m);
      const etag = answer.headers.get("ETag") ?? "";
      expect(etag).not.toBe(opened.headers.get("ETag"));
      expect((await patch(pathOf(opened), RESTART, etag)).status).toBe(204);
      expect((await patch(pathOf(opened), RESTART, opened.headers.get("ETag") ?? "")).status).toBe(412);
    },
  ],
  [
    "4.3.3",
    "a restart that fails is told so, and leaves the session as it is",
    async ({ patch, publish, pathOf, node }) => {
      const opened = await publish();
      node.refuseNext("sdp_session.patch", "sdp_unprocessable");
      expect((await patch(pathOf(opened), RESTART, "*")).status).toBe(422);
      const answer = await patch(pathOf(opened), CANDIDATE, opened.headers.get("ETag") ?? "");
      expect(answer.status).toBe(204);
      expect(node.callsTo("sdp_session.close")).toEqual([]);
    },
  ],
  [
    "4.4.2, 4.4.3",
    "tracks or codecs that are not supported are rejected as a whole, with 406",
    async ({ publish, node }) => {
      node.refuseNext("whip.open", "not_acceptable");
      expect((await publish()).status).toBe(406);
    },
  ],
  [
    "4.4.4",
    "a setup role that is not supported is rejected with 422",
    async ({ publish, node }) => {
      node.refuseNext("whip.open", "sdp_unprocessable");
      expect((await publish()).status).toBe(422);
    },
  ],
  [
    "4.5",
    "the session's URL is final: nothing answers with a redirect",
    async ({ ask, publish, patch, pathOf, key, node }) => {
      const path = pathOf(await publish());
      node.kill();
      const answers = [publish(), patch(path, CANDIDATE, '"EsAw"'), ask("DELETE", path, { key })];
      for (const { status } of await Promise.all(answers)) expect(status).toBeGreaterThanOrEqual(400);
    },
  ],
  [
    "4.5",
    "high load is answered with 503 and Retry-After",
    async ({ publish, node }) => {
      for (let time = 0; time < 2; time += 1) node.refuseNext("whip.open", "no_capacity");
      const answer = await publish();
      expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
    },
  ],
  [
    "4.6",
    "each STUN and TURN server has a Link, with its credentials",
    async ({ publish }) => {
      const links = (await publish()).headers.get("Link")?.split(", ");
      const rights = '; username="1800003600:ann"; credential="pass\\"word"; credential-type="password"';
      expect(links).toEqual([
        '<stun:stun.example.org>; rel="ice-server"',
        `<turn:turn.example.org?transport=udp>; rel="ice-server"${rights}`,
        `<turns:turn.example.org?transport=tcp>; rel="ice-server"${rights}`,
      ]);
    },
  ],
  [
    "4.7",
    "who must authenticate does so with a bearer token, and is told so with 401",
    async ({ post, ask, patch, publish, pathOf }) => {
      const path = pathOf(await publish());
      const answers = [
        post("/v1/whip"),
        post("/v1/whip", { headers: { Authorization: "Basic YTpi" } }),
        ask("DELETE", path),
        patch(path, CANDIDATE, '"EsAw"', {}),
      ];
      for (const answer of await Promise.all(answers))
        expect([answer.status, answer.headers.get("WWW-Authenticate")]).toEqual([401, "Bearer"]);
    },
  ],
  [
    "4.9",
    "no protocol extension is required, and none is advertised that is not there",
    async ({ publish }) => {
      expect((await publish()).headers.get("Link")).not.toContain("urn:ietf:params:whip:ext");
    },
  ],
  [
    "5",
    "URLs of sessions are not to be guessed: 128 random bits",
    async ({ publish, pathOf }) => {
      const sessions = await Promise.all(
        [1, 2, 3].map(async () =>
          pathOf(await publish())
            .split("/")
            .at(-1),
        ),
      );
      expect(new Set(sessions).size).toBe(3);
      for (const session of sessions) expect(session).toMatch(/^[\w-]{22}$/);
    },
  ],
];
