/** A playlist as it is answered with, compressed once however many ask. */
export class Text {
  readonly text: string;
  /** Without quotes. */
  readonly tag: string;
  #gzipped: Promise<Uint8Array> | null = null;

  constructor(text: string, tag: string) {
    this.text = text;
    this.tag = tag;
  }

  gzipped(): Promise<Uint8Array> {
    this.#gzipped ??= gzip(this.text);
    return this.#gzipped;
  }
}

async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
