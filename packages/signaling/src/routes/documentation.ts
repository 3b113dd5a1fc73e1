import type { OpenAPIHono } from "@hono/zod-openapi";
import { completeDocument } from "../openapi/complete-document.ts";
import { registerComponents } from "../openapi/components.ts";
import { documentPage } from "../openapi/document-page.ts";

/** Of the API, not of the build. */
const API_VERSION = "1.0.0";

const INFO = {
  openapi: "3.1.0",
  info: {
    title: "Fairlead",
    version: API_VERSION,
    description:
      "Rooms, broadcasts, tickets and peers; nodes and what is left over on them. A refusal is `{error: {code, message, retryAfterMs?, detail?}}` with a stable code; " +
      "what may help later says when, in `Retry-After` too. An unknown path is `not_found`, an unknown method `method_not_allowed`.",
    license: { name: "ISC", identifier: "ISC" },
  },
  servers: [{ url: "/", description: "Where this document was read." }],
  tags: [
    { name: "tickets", description: "Admission, for the app's back end." },
    { name: "sessions", description: "For browsers." },
    { name: "rooms", description: "Rooms, for the app's back end." },
    { name: "peers", description: "Peers of a room, for the app's back end." },
    { name: "bans", description: "Identities that may not come back to a room, for the app's back end." },
    { name: "broadcasts", description: "One publisher, any number of viewers." },
    { name: "rtp", description: "RTP of encoders and recorders, for the app's back end." },
    { name: "nodes", description: "Media nodes, for operators." },
    { name: "surplus", description: "Media resources that have lost their owner, for operators." },
    { name: "health", description: "For load balancers and orchestrators." },
  ],
};

/** Nothing on the page is loaded from anywhere, and nothing on it runs. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** `/v1/openapi.json`, and `/v1/docs` to read it. */
export function addDocumentationRoutes(app: OpenAPIHono): void {
  registerComponents(app);
  let document: ReturnType<typeof app.getOpenAPI31Document> | undefined;
  const read = () => {
    document ??= completeDocument(app.getOpenAPI31Document(INFO));
    return document;
  };
  app.get("/v1/openapi.json", (c) => c.json(read()));
  app.get("/v1/docs", (c) => {
    c.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    return c.html(documentPage(read()));
  });
}
