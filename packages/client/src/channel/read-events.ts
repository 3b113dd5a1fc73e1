import { createParser } from "eventsource-parser";

/** In UTF-16 units, well above the longest frame that a server sends. */
const MAX_BUFFERED = 4_000_000;

/**
 * Reads server-sent events from an answer until it ends. `EventSource` is no use here: it sends no `Authorization`.
 *
 * @param receive Gets the data of each event, in order.
 * @throws {TypeError} The answer is no event stream, or it broke off, or was aborted.
 */
export async function readEvents(answer: Response, receive: (data: string) => void): Promise<void> {
  const type = answer.headers.get("content-type") ?? "";
  if (!answer.body || !type.startsWith("text/event-stream")) throw new TypeError(`no event stream: ${type}`);
  const parser = createParser({ onEvent: ({ data }) => receive(data), maxBufferSize: MAX_BUFFERED });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) parser.feed(chunk.value);
}
