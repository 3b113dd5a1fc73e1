import { FakeMediaStreamTrack } from "fake-mediastreamtrack";

/** One call of `getUserMedia` or `getDisplayMedia`, which waits for the test's answer. */
export class DeviceRequest {
  readonly method: "getUserMedia" | "getDisplayMedia";
  readonly constraints: MediaStreamConstraints;
  readonly #opened: FakeMediaStreamTrack[];
  readonly #answer = Promise.withResolvers<{ getTracks(): FakeMediaStreamTrack[] }>();

  constructor(
    method: DeviceRequest["method"],
    constraints: MediaStreamConstraints,
    opened: FakeMediaStreamTrack[],
  ) {
    this.method = method;
    this.constraints = constraints;
    this.#opened = opened;
  }

  get answer(): Promise<unknown> {
    return this.#answer.promise;
  }

  /** The device that was asked for; a wish or an order. */
  get deviceId(): unknown {
    const { video, audio } = this.constraints;
    const wanted = typeof video === "object" ? video : audio;
    const deviceId = typeof wanted === "object" ? wanted.deviceId : undefined;
    return typeof deviceId === "object" && "exact" in deviceId ? deviceId.exact : deviceId;
  }

  /** The user allows it: what was asked for is open from now on. */
  allow(): void {
    const kinds = (["video", "audio"] as const).filter((kind) => this.constraints[kind]);
    const deviceId = String(this.deviceId ?? "default");
    const tracks = kinds.map(
      (kind) => new FakeMediaStreamTrack({ kind, settings: { deviceId, width: 640, height: 480 } }),
    );
    this.#opened.push(...tracks);
    const ofKind = (wanted: string) => tracks.filter(({ kind }) => kind === wanted);
    this.#answer.resolve({
      getTracks: () => tracks,
      getVideoTracks: () => ofKind("video"),
      getAudioTracks: () => ofKind("audio"),
    } as never);
  }

  refuse(name: string): void {
    this.#answer.reject(new DOMException(`refused: ${name}`, name));
  }
}

/** The cameras, microphones and screens of a browser that is not there: every request waits for the test. */
export class ScriptedDevices {
  /** All requests, in order. */
  readonly asked: DeviceRequest[] = [];
  /** Tracks of devices, and the black and silent ones that stood in for them. */
  readonly opened: FakeMediaStreamTrack[] = [];
  readonly standIns: FakeMediaStreamTrack[] = [];
  /** Answers requests by itself. */
  answers: ((request: DeviceRequest) => void) | undefined;

  /** For `vi.stubGlobal`. */
  get globals(): Record<string, unknown> {
    const ask = (method: DeviceRequest["method"]) => (constraints: MediaStreamConstraints) =>
      this.#ask(method, constraints);
    const mediaDevices = { getUserMedia: ask("getUserMedia"), getDisplayMedia: ask("getDisplayMedia") };
    return {
      navigator: { mediaDevices },
      document: { createElement: () => this.#createCanvas() },
    };
  }

  /** Every track that is live. */
  get live(): FakeMediaStreamTrack[] {
    return [...this.opened, ...this.standIns].filter(({ readyState }) => readyState === "live");
  }

  /** The request with this number, counted from 0, once it is made. */
  async request(index: number): Promise<DeviceRequest> {
    for (;;) {
      const request = this.asked[index];
      if (request) return request;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #ask(method: DeviceRequest["method"], constraints: MediaStreamConstraints): Promise<unknown> {
    const request = new DeviceRequest(method, constraints, this.opened);
    this.asked.push(request);
    this.answers?.(request);
    return request.answer;
  }

  #createCanvas() {
    const canvas = {
      width: 0,
      height: 0,
      getContext: () => null,
      captureStream: () => {
        const { width, height } = canvas;
        const track = new FakeMediaStreamTrack({ kind: "video", settings: { width, height } });
        this.standIns.push(track);
        return { getVideoTracks: () => [track] };
      },
    };
    return canvas;
  }
}
