import { ErrorAnswer, FairleadError, fromErrorBody, signalingUnreachable } from "@fairlead/protocol";

type Schema<T> = { parse(value: unknown): T };

/**
 * @returns An answer with a 2xx status.
 * @throws {FairleadError} Signaling's refusal; `signaling_unreachable` if nobody answers, or something other than signaling.
 */
export async function fetchSignaling(url: string, request: RequestInit = {}): Promise<Response> {
  return unlessUnreachable(url, async () => {
    const answer = await fetch(url, { cache: "no-store", ...request });
    if (!answer.ok) throw await refusalOf(url, answer);
    return answer;
  });
}

/** Fetches and parses the body. @throws {FairleadError} As `fetchSignaling`; `signaling_unreachable` for any other body. */
export async function fetchParsed<T>(schema: Schema<T>, url: string, request: RequestInit = {}): Promise<T> {
  const answer = await fetchSignaling(url, request);
  return unlessUnreachable(url, async () => schema.parse(await answer.json()));
}

/**
 * Leaves a session; the request outlives the page.
 * @param url `…/v1/sessions/{session}`.
 * @throws {FairleadError} As `fetchSignaling`.
 */
export async function requestLeave(url: string, sessionTicket: string): Promise<void> {
  await fetchSignaling(url, { method: "DELETE", keepalive: true, headers: bearer(sessionTicket) });
}

export const bearer = (sessionTicket: string) => ({ authorization: `Bearer ${sessionTicket}` });

/** An error page of a proxy counts as `signaling_unreachable`. @throws {SyntaxError} The body is not JSON. */
async function refusalOf(url: string, answer: Response): Promise<FairleadError> {
  const { data } = ErrorAnswer.safeParse(await answer.json());
  return data ? fromErrorBody(data.error) : signalingUnreachable(url, `HTTP status ${answer.status}`);
}

async function unlessUnreachable<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof FairleadError) throw cause;
    throw signalingUnreachable(url, cause);
  }
}
