import { ErrorAnswer, FairleadError, fromErrorBody } from "@fairlead/protocol";

type Schema<T> = { parse(value: unknown): T };

/**
 * @returns The answer, 2xx.
 * @throws {FairleadError} Signaling's refusal; `signaling_unreachable` when nobody answers, or somebody else.
 */
export async function fetchSignaling(url: string, request: RequestInit = {}): Promise<Response> {
  return unlessUnreachable(async () => {
    const answer = await fetch(url, { cache: "no-store", ...request });
    if (!answer.ok) throw await refusalOf(answer);
    return answer;
  });
}

/** As `fetchSignaling`, with the answer's body. @throws {FairleadError} Also `signaling_unreachable` for another body. */
export async function fetchParsed<T>(schema: Schema<T>, url: string, request: RequestInit = {}): Promise<T> {
  const answer = await fetchSignaling(url, request);
  return unlessUnreachable(async () => schema.parse(await answer.json()));
}

/** A proxy's page is no word of signaling's. @throws {SyntaxError} For no JSON. */
async function refusalOf(answer: Response): Promise<FairleadError> {
  const { data } = ErrorAnswer.safeParse(await answer.json());
  const message = `HTTP status ${answer.status}`;
  return data ? fromErrorBody(data.error) : new FairleadError("signaling_unreachable", { message });
}

async function unlessUnreachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof FairleadError) throw cause;
    throw new FairleadError("signaling_unreachable", { cause });
  }
}
