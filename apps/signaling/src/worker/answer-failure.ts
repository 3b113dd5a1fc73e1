import { type ErrorAnswer, httpStatus, toErrorBody } from "@fairlead/protocol";

/** The answer to a request that did not get as far as the app. Pages of any origin may read it, as those of the app. */
export function answerFailure(error: unknown): Response {
  const body = toErrorBody(error);
  const headers = new Headers({
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Request-Id",
    "X-Request-Id": crypto.randomUUID(),
  });
  const status = httpStatus(body.code);
  if (status === 401) headers.set("WWW-Authenticate", "Bearer");
  return Response.json({ error: body } satisfies ErrorAnswer, { status, headers });
}
