import {
  OpenedSession,
  parse,
  parseJson,
  ServerFrame,
  type SessionFrames,
  SessionReplies,
} from "@fairlead/protocol";
import { assertDocumented, type Document, readDocument } from "@fairlead/signaling/testing";
import type * as z from "zod";

type Frames = z.input<typeof SessionFrames>["frames"];
type Message = { id: string | undefined; frame: ServerFrame };

/** A session over HTTP, request by request, whose answers must be such as the API's document lists. */
export class HttpClient {
  readonly url: string;
  sessionId = "";
  sessionTicket = "";
  #document: Document | undefined;

  constructor(url: string) {
    this.url = url;
  }

  async open(join: unknown): Promise<OpenedSession> {
    const response = await this.request("POST", "", JSON.stringify(join));
    const opened = parse(OpenedSession, await response.json());
    this.sessionId = opened.sessionId;
    this.sessionTicket = opened.sessionTicket;
    return opened;
  }

  /** @returns The stream, whose first message is `resumed`; its ticket is used from then on. */
  async listen(position: string): Promise<EventReader> {
    const reader = await EventReader.open(await this.get(position));
    const { frame } = await reader.next();
    if (frame.type !== "resumed") throw new Error(`expected resumed, came ${frame.type}`);
    this.sessionTicket = frame.sessionTicket;
    return reader;
  }

  get(position: string, signal?: AbortSignal): Promise<Response> {
    return this.#ask(`/v1/sessions/${this.sessionId}/events`, {
      headers: { ...this.#proof(), "Last-Event-ID": position },
      signal: signal ?? null,
    });
  }

  async send(...frames: Frames): Promise<SessionReplies["frames"]> {
    const response = await this.post(JSON.stringify({ frames }));
    return parse(SessionReplies, await response.json()).frames;
  }

  post(body: string): Promise<Response> {
    return this.request("POST", `/${this.sessionId}/commands`, body);
  }

  leave(): Promise<Response> {
    return this.request("DELETE", `/${this.sessionId}`);
  }

  request(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    return this.#ask(`/v1/sessions${path}`, {
      method,
      body,
      headers: {
        ...this.#proof(),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
    });
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    this.#document ??= await readDocument((at) => fetch(`${this.url}${at}`));
    const response = await fetch(`${this.url}${path}`, init);
    const { method = "GET" } = init;
    // The answer to HEAD has no code.
    if (method !== "HEAD") await assertDocumented(this.#document, { method, path }, response);
    return response;
  }

  #proof(): Record<string, string> {
    return this.sessionTicket ? { Authorization: `Bearer ${this.sessionTicket}` } : {};
  }
}

/** The messages of one stream, in order. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** @throws {Error} For anything but a stream. */
  static async open(response: Response): Promise<EventReader> {
    if (response.status !== 200 || !response.body) throw new Error(await response.text());
    return new EventReader(response.body);
  }

  /** @throws {Error} When the stream ends without one. */
  async next(): Promise<Message> {
    const message = await this.nextOrEnd();
    if (!message) throw new Error("the stream ended");
    return message;
  }

  /** @returns The next frame, which must have this type. */
  async frame<T extends ServerFrame["type"]>(type: T): Promise<Extract<ServerFrame, { type: T }>> {
    const { frame } = await this.next();
    if (frame.type !== type) throw new Error(`expected ${type}, came ${JSON.stringify(frame)}`);
    return frame as Extract<ServerFrame, { type: T }>;
  }

  /** @returns The code of the `error` that comes next, behind which the stream must end. */
  async refusal(): Promise<string> {
    const { error } = await this.frame("error");
    if (await this.nextOrEnd()) throw new Error("the stream goes on behind an error");
    return error.code;
  }

  async nextOrEnd(): Promise<Message | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const lines = this.#text.slice(0, end).split("\n");
        this.#text = this.#text.slice(end + 2);
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        return { id: field("id"), frame: parseJson(ServerFrame, field("data") ?? "") };
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#text += value;
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
