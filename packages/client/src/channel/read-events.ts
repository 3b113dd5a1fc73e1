import { createParser } from "eventsource-parser";

/** The longest frame of the server's, and then some, in UTF-16 units: more is no event stream of Fairlead's. */
const MAX_BUFFERED = 4_000_000;

/**
 * Reads server-sent events from an answer until it ends. (`EventSource` can't: it sends no `Authorization`.)
 *
 * @param receive Gets the data of each event, in order.
 * @throws {TypeError} The answer is none, or was lost or aborted on its way.
 */
export async function readEvents(answer: Response, receive: (data: string) => void): Promise<void> {
  const type = answer.headers.get("content-type") ?? "";
  if (!answer.body || !type.startsWith("text/event-stream")) throw new TypeError(`no event stream: ${type}`);
  const parser = createParser({ onEvent: ({ data }) => receive(data), maxBufferSize: MAX_BUFFERED });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) parser.feed(chunk.value);
}
