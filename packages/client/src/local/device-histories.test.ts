import { EVERY_SOURCE, type Grants } from "@fairlead/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LocalTrack } from "../api/tracks.ts";
import { type DeviceRequest, ScriptedDevices } from "../testing/scripted-devices.ts";
import { ScriptedRoom } from "../testing/scripted-room.ts";

const grants: Grants = { publish: [...EVERY_SOURCE], subscribe: true, data: false, moderate: false };
const RUNS = 60;
/** Takes milliseconds; provides for a machine that is busy with other tests. */
const PATIENTLY = { timeout: 2_000, interval: 5 };

/** What user, app, moderator, system and node do to one camera; and what the user may rely on. */
class History {
  readonly devices = new ScriptedDevices();
  readonly calls: Promise<unknown>[] = [];
  readonly #answered = new Set<DeviceRequest>();
  #scripted!: ScriptedRoom;
  #camera!: LocalTrack;
  #isMoving = false;
  #isModerated = false;
  /** Somebody's last word about the camera; null: its device may have failed since. */
  #isOff: boolean | null = false;
  /** How many frames the node had got when it paused the producer by itself. */
  #pausedByNodeAt = 0;

  async begin(): Promise<void> {
    for (const [name, value] of Object.entries(this.devices.globals)) vi.stubGlobal(name, value);
    this.#scripted = await ScriptedRoom.join(grants);
    this.devices.answers = (request) => this.#allow(request);
    this.#camera = await this.#scripted.room.publishCamera();
    this.devices.answers = undefined;
  }

  readonly steps: Record<string, () => unknown> = {
    mute: () => {
      this.#isOff = true;
      this.#call(this.#camera.mute());
    },
    unmute: () => {
      if (!this.#camera.isMutedByModerator) this.#isOff = false;
      this.#call(this.#camera.unmute());
    },
    "switch to a": () => this.#call(this.#camera.switchDevice("a")),
    "switch to b": () => this.#call(this.#camera.switchDevice("b")),
    "the app disables": () => {
      this.#isOff = true;
      this.#camera.mediaStreamTrack.enabled = false;
    },
    "a moderator mutes": () => this.#moderate(true),
    "a moderator lifts it": () => this.#moderate(false),
    "the device opens": () => this.#answer((request) => this.#allow(request)),
    "the device is busy": () => this.#answer((request) => this.#refuse(request, "NotReadableError")),
    "the user refuses": () => this.#answer((request) => this.#refuse(request, "NotAllowedError")),
    "a move begins": () => this.#beginMove(),
    "a move ends": () => this.#endMove(),
  };

  async end(): Promise<void> {
    await this.#endMove();
    this.devices.answers = (request) => this.#allow(request);
    for (const request of this.#waiting) this.#allow(request);
    await Promise.all(this.calls);
    await expect.poll(() => this.#isPausedAtNode(), PATIENTLY).toBe(this.#camera.isMuted);
    if (this.#isOff !== null) expect(this.#camera.isMuted).toBe(this.#isOff);
    const open = this.devices.opened.filter(({ readyState }) => readyState === "live");
    // Whoever mutes by the SDK closes the device, and whoever disables the track keeps it.
    if (open.length > 0) expect(open).toEqual([this.#camera.mediaStreamTrack]);
    if (!this.#camera.isMuted) expect(open).toHaveLength(1);
  }

  async leave(): Promise<void> {
    await this.#scripted.close();
    expect(this.devices.live).toEqual([]);
  }

  get #waiting(): DeviceRequest[] {
    return this.devices.asked.filter((request) => !this.#answered.has(request));
  }

  #call(call: Promise<unknown>): void {
    this.calls.push(call.catch(() => {}));
  }

  #answer(how: (request: DeviceRequest) => void): void {
    const [first] = this.#waiting;
    if (!first) return;
    this.#answered.add(first);
    how(first);
  }

  #allow(request: DeviceRequest): void {
    this.#answered.add(request);
    request.allow();
  }

  #refuse(request: DeviceRequest, name: string): void {
    if (!this.#isOff) this.#isOff = null;
    request.refuse(name);
  }

  async #moderate(muted: boolean): Promise<void> {
    if (this.#isMoving || this.#isModerated === muted) return;
    this.#isModerated = muted;
    if (muted) {
      this.#isOff = true;
      this.#pausedByNodeAt = this.#scripted.signaling.frames.length;
    }
    this.#scripted.socket.tell({ name: "source.muted", data: { source: "camera", muted } });
    await expect.poll(() => this.#camera.isMutedByModerator, PATIENTLY).toBe(muted);
  }

  async #beginMove(): Promise<void> {
    if (this.#isMoving) return;
    this.#isMoving = true;
    await this.#scripted.startMove();
  }

  async #endMove(): Promise<void> {
    if (!this.#isMoving) return;
    this.#isMoving = false;
    const created = this.#scripted.count("producer.create");
    const muted = { name: "source.muted", data: { source: "camera", muted: true } } as const;
    await this.#scripted.endMove(...(this.#isModerated ? [muted] : []));
    await expect.poll(() => this.#scripted.count("producer.create"), PATIENTLY).toBe(created + 1);
  }

  /** As the node knows it: does the camera send nothing? */
  #isPausedAtNode(): boolean {
    const { frames } = this.#scripted.signaling;
    const index = frames.findLastIndex(
      (frame) => frame.type === "command" && /^producer.(create|pause|resume)$/.test(frame.name),
    );
    const last = frames[index];
    if (index < this.#pausedByNodeAt || last?.type !== "command") return true;
    if (last.name === "producer.create") return (last.data as { paused: boolean }).paused;
    return last.name === "producer.pause";
  }
}

let history: History | undefined;
beforeEach(() => {
  history = undefined;
});
afterEach(() => vi.unstubAllGlobals());

it("whatever user, app, moderator, system and node do to a camera: what was switched off stays off, and no device stays open", async () => {
  const names = Object.keys(new History().steps);
  const steps = fc.array(fc.constantFrom(...names), { minLength: 4, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      history = new History();
      await history.begin();
      for (const step of taken) {
        await history.steps[step]?.();
        await new Promise(setImmediate);
      }
      try {
        await history.end();
      } finally {
        await history.leave();
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});
