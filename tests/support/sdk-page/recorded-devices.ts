/** The devices that a page has opened: keeps every track that the browser handed out. */
export class RecordedDevices {
  readonly #tracks: MediaStreamTrack[] = [];
  /** How often the page has asked the user. */
  asked = 0;

  constructor(devices: MediaDevices) {
    for (const name of ["getUserMedia", "getDisplayMedia"] as const) {
      const ask = devices[name].bind(devices);
      devices[name] = async (constraints) => {
        this.asked += 1;
        const stream = await ask(constraints);
        this.#tracks.push(...stream.getTracks());
        return stream;
      };
    }
  }

  /** Kinds of the tracks that are live. */
  get live(): string[] {
    return this.#tracks.filter(({ readyState }) => readyState === "live").map(({ kind }) => kind);
  }
}
