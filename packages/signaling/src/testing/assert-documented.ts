import { ErrorAnswer } from "@fairlead/protocol";

type Answer = { content?: Record<string, { examples?: Record<string, unknown> }> };
type Operation = { operationId: string; responses: Record<string, Answer> };
export type Document = { paths: Record<string, Record<string, Operation>> };

/** Answers of any path and method that no operation covers. */
const WITHOUT_OPERATION = ["not_found", "method_not_allowed"];

/** Of the app that `ask` asks. */
export async function readDocument(ask: (path: string) => Response | Promise<Response>): Promise<Document> {
  return (await (await ask("/v1/openapi.json")).json()) as Document;
}

/**
 * Holds an answer to what the app's OpenAPI document says of its operation.
 * @throws {Error} For a status, or a code of a refusal, that is not listed there.
 */
export async function assertDocumented(
  document: Document,
  { method, path }: { method: string; path: string },
  response: Response,
): Promise<void> {
  const { pathname } = new URL(path, "http://signaling.test");
  // CORS's own, and of no operation.
  if (method === "OPTIONS") return;
  if (/^\/v1\/(openapi\.json|docs)$/.test(pathname)) return;
  const operation = operationOf(document, method === "HEAD" ? "GET" : method, pathname);
  const code = response.status < 400 ? null : await codeOf(response);
  if (!operation) {
    if (code !== null && WITHOUT_OPERATION.includes(code)) return;
    throw new Error(`${method} ${pathname} is not documented, and answered ${response.status} ${code}`);
  }
  const answer = operation.responses[response.status];
  const codes = Object.keys(answer?.content?.["application/json"]?.examples ?? {});
  if (!answer || (code !== null && !codes.includes(code)))
    throw new Error(`${operation.operationId} does not list ${response.status} ${code ?? ""}`);
}

function operationOf({ paths }: Document, method: string, pathname: string): Operation | undefined {
  const found = Object.entries(paths).find(([template]) =>
    new RegExp(`^${template.replace(/\./g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname),
  );
  return found?.[1][method.toLowerCase()];
}

async function codeOf(response: Response): Promise<string> {
  return ErrorAnswer.parse(await response.clone().json()).error.code;
}
