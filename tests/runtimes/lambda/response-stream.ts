import { type ClientRequest, request } from "node:http";
import { Writable } from "node:stream";

const DELIMITER = Buffer.alloc(8);

/**
 * A streaming handler writes to it. It goes to the Runtime API as it comes, after the metadata of the HTTP response and eight
 * NUL bytes. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
 */
export class ResponseStream extends Writable {
  readonly #url: string;
  #metadata: object | undefined;
  #request: ClientRequest | undefined;

  constructor(url: string) {
    super();
    this.#url = url;
  }

  beginWith(metadata: object): this {
    this.#metadata = metadata;
    return this;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#begin().write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    const sent = this.#begin();
    sent.once("response", (answer) => answer.resume().once("end", () => done()));
    sent.end();
  }

  /** Nothing is sent before the first write, nor the metadata. */
  #begin(): ClientRequest {
    if (this.#request) return this.#request;
    this.#request = request(this.#url, {
      method: "POST",
      headers: {
        "Content-Type": this.#metadata
          ? "application/vnd.awslambda.http-integration-response"
          : "application/octet-stream",
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        "Transfer-Encoding": "chunked",
      },
    });
    this.#request.on("error", (error) => this.destroy(error));
    if (this.#metadata)
      this.#request.write(Buffer.concat([Buffer.from(JSON.stringify(this.#metadata)), DELIMITER]));
    return this.#request;
  }
}
