import { FairleadError, fromErrorBody } from "@fairlead/protocol";

const TRIES = 5;

/**
 * One request to the API, tried again where its connection broke: the process behind it may just have been killed.
 * @throws {FairleadError} The refusal, or `signaling_unreachable`.
 */
export async function callApi<T>(
  url: string,
  apiKey: string,
  { method, path, body }: { method: string; path: string; body?: unknown },
): Promise<T> {
  const headers = {
    authorization: `Bearer ${apiKey}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  for (let tries = 1; ; tries++) {
    try {
      const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
      const text = await response.text();
      const answer = text === "" ? null : JSON.parse(text);
      if (!response.ok) throw fromErrorBody(answer.error);
      return answer as T;
    } catch (cause) {
      if (cause instanceof FairleadError) throw cause;
      if (tries === TRIES) throw new FairleadError("signaling_unreachable", { cause });
    }
  }
}
