import type { IncomingMessage, ServerResponse } from "node:http";

const DELIMITER = Buffer.alloc(8);

type Metadata = { statusCode: number; headers: Record<string, string>; cookies?: string[] };

/**
 * Answers a client with what its invocation streams: metadata as JSON, eight NUL bytes, the body. A client that has gone changes
 * nothing for the function, which is read to its end.
 */
export async function relayResponse(streamed: IncomingMessage, response: ServerResponse): Promise<void> {
  let prelude = Buffer.alloc(0);
  for await (const chunk of streamed as AsyncIterable<Buffer>) {
    if (response.headersSent) {
      if (!response.destroyed) response.write(chunk);
      continue;
    }
    prelude = Buffer.concat([prelude, chunk]);
    const end = prelude.indexOf(DELIMITER);
    if (end < 0) continue;
    writeHead(response, JSON.parse(prelude.toString("utf8", 0, end)));
    const rest = prelude.subarray(end + DELIMITER.length);
    if (rest.length > 0) response.write(rest);
  }
  if (!response.headersSent) throw new Error("the function answered without metadata");
  response.end();
}

function writeHead(response: ServerResponse, { statusCode, headers, cookies }: Metadata): void {
  const { connection: _, "transfer-encoding": __, ...kept } = headers;
  response.writeHead(statusCode, { ...kept, ...(cookies?.length ? { "set-cookie": cookies } : {}) });
  response.flushHeaders();
}
