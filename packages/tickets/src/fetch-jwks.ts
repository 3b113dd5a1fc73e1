/** Of a JWK Set's body: some hundred keys. */
const BODY_LIMIT_BYTES = 65_536;
const TIMEOUT_MS = 2_000;

/** The runtime's own: it must be called without a `this`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * One GET: no redirects, at most 2 s with the body, at most 64 KB.
 * @throws {Error} What went wrong; never what was read.
 */
export async function fetchJwks(url: string, fetch: Fetch): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the JWKS server answered ${response.status}`);
  }
  return parseJwks(await readBounded(response));
}

async function readBounded({ body }: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > BODY_LIMIT_BYTES) {
      await reader?.cancel();
      throw new Error(`the JWK Set is over ${BODY_LIMIT_BYTES} bytes`);
    }
    chunks.push(part.value);
  }
  return joined(chunks, size);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function parseJwks(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Error("the JWKS server answered no JSON");
  }
}
