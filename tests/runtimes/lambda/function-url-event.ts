import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";

/** Types of content that Lambda hands over as text; all else comes in base64. */
const TEXT = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded))/;

/**
 * A request as a Function URL tells the function, payload format 2.0.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */
export async function toFunctionUrlEvent(request: IncomingMessage): Promise<object> {
  const { method, httpVersion, socket } = request;
  const { pathname, search, searchParams } = new URL(request.url ?? "/", "http://lambda");
  const { cookie, ...headers } = request.headers;
  const body = await buffer(request);
  const isText = TEXT.test(headers["content-type"] ?? "");
  const sourceIp = socket.remoteAddress ?? "";
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie ? { cookies: cookie.split("; ") } : {}),
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)])),
      "x-forwarded-for": sourceIp,
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
    },
    ...(search ? { queryStringParameters: Object.fromEntries(searchParams) } : {}),
    requestContext: {
      accountId: "anonymous",
      apiId: "local",
      domainPrefix: "local",
      domainName: headers.host,
      http: {
        method,
        path: pathname,
        protocol: `HTTP/${httpVersion}`,
        sourceIp,
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
    },
    ...(body.length > 0 ? { body: body.toString(isText ? "utf8" : "base64") } : {}),
    isBase64Encoded: body.length > 0 && !isText,
  };
}
