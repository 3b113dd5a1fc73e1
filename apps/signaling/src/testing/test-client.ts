import { type ClientFrameInput, parseJson, ServerFrame } from "@fairlead/protocol";
import { WebSocket } from "ws";

type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

/** One client's socket, and every frame that came on it. */
export class TestClient {
  readonly socket: WebSocket;
  readonly frames: ServerFrame[] = [];
  /** The close code, once the socket is closed. */
  readonly closed: Promise<number>;
  #waiting: (() => void)[] = [];
  /** Frames before this one have been waited for. */
  #read = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      this.frames.push(parseJson(ServerFrame, String(data)));
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code) => {
        resolve(code);
        this.#wake();
      });
    });
    socket.on("error", () => {});
  }

  static async connect(url: string, headers: Record<string, string> = {}): Promise<TestClient> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/connect`, {
      rejectUnauthorized: false,
      headers,
    });
    const client = new TestClient(socket);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  send(frame: ClientFrameInput): void {
    this.sendText(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.socket.send(text);
  }

  /** @returns The next frame, in order, whatever it is; fails when the socket closes without one. */
  async nextFrame(): Promise<ServerFrame> {
    for (;;) {
      const frame = this.frames[this.#read];
      if (frame) {
        this.#read += 1;
        return frame;
      }
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error("the socket closed without a frame");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** @returns The next frame, which must have this type. */
  async next<T extends ServerFrame["type"]>(type: T): Promise<FrameOf<T>> {
    const frame = await this.nextFrame();
    if (frame.type !== type) throw new Error(`expected ${type}, came ${JSON.stringify(frame)}`);
    return frame as FrameOf<T>;
  }

  /** @returns The code of the `error` frame that comes next, and the close code after it. */
  async refusal(): Promise<[string, number]> {
    const { error } = await this.next("error");
    return [error.code, await this.closed];
  }

  close(): Promise<number> {
    this.socket.close();
    return this.closed;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
