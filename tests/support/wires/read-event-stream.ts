/** One message of a stream of server-sent events. */
export type StreamedEvent = { id: string | undefined; event: string | undefined; data: string };

/**
 * The messages of a `text/event-stream` body, as they come; comments are passed over.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<StreamedEvent> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const message = readMessage(block);
      if (message) yield message;
    }
  }
}

function readMessage(block: string): StreamedEvent | null {
  const lines = block.split(/\r?\n/).filter((line) => !line.startsWith(":"));
  const valuesOf = (field: string) =>
    lines.flatMap((line) =>
      line.startsWith(`${field}:`) ? line.slice(field.length + 1).replace(/^ /, "") : [],
    );
  const data = valuesOf("data");
  return data.length === 0
    ? null
    : { id: valuesOf("id").at(-1), event: valuesOf("event").at(-1), data: data.join("\n") };
}
