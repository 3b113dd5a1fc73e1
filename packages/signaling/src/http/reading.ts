import { FairleadError } from "@fairlead/protocol";

/**
 * That a body can't be read to its end is its sender's doing, who mostly has gone away, and no bug.
 *
 * @throws {FairleadError} `invalid_request`.
 */
export async function reading<T>(body: Promise<T>): Promise<T> {
  try {
    return await body;
  } catch (cause) {
    throw new FairleadError("invalid_request", { message: "the body broke off", cause });
  }
}
