export type JwksFailure = {
  /** Origin and path: a query may be a key of the server's. */
  url: string;
  /** Why, and why that, in one message: runtimes put the whole URL into theirs. */
  error: Error;
};

/** The facts that a log may show of a JWKS URL that gave no keys. */
export function jwksFailure(url: string, error: unknown): JwksFailure {
  const { href, origin, pathname } = new URL(url);
  const place = origin + pathname;
  const told = [href, url].reduce((text, secret) => text.replaceAll(secret, () => place), reasonsOf(error));
  return { url: place, error: new Error(told) };
}

const MAX_CAUSES = 4;

function reasonsOf(error: unknown): string {
  const reasons = [String(error)];
  for (let cause = error; cause instanceof Error && reasons.length <= MAX_CAUSES; ) {
    cause = cause.cause;
    if (cause instanceof Error) reasons.push(cause.message);
  }
  return reasons.join(": ");
}
