import { describe, expect, it } from "vitest";
import { mediaProblemOf } from "./media-problem.ts";
import { Preview } from "./preview.ts";

/** As much of a track as a preview touches: Node has none. */
class FakeTrack extends EventTarget {
  isStopped = false;
  stop() {
    this.isStopped = true;
  }
}

type Asked = { constraints: MediaStreamConstraints; answer(error?: string): FakeTrack[] };

function previewWithUser() {
  const asked: Asked[] = [];
  const getUserMedia = (constraints: MediaStreamConstraints) =>
    new Promise<MediaStream>((resolve, reject) => {
      const answer = (error?: string) => {
        if (error) reject(new DOMException("", error));
        const video = constraints.video ? [new FakeTrack()] : [];
        const audio = constraints.audio ? [new FakeTrack()] : [];
        resolve({ getVideoTracks: () => video, getAudioTracks: () => audio } as unknown as MediaStream);
        return [...video, ...audio];
      };
      asked.push({ constraints, answer });
    });
  return { asked, preview: new Preview(getUserMedia, mediaProblemOf) };
}

describe("Preview", () => {
  it("asks once for both devices", async () => {
    const { asked, preview } = previewWithUser();
    const started = preview.start({ camera: "c1", microphone: "" });
    asked[0]?.answer();
    await started;
    expect(asked).toHaveLength(1);
    expect(asked[0]?.constraints).toMatchObject({ video: { deviceId: "c1" }, audio: {} });
    expect(preview.getCaptures()).toMatchObject({ camera: { state: "on" }, microphone: { state: "on" } });
  });

  it("has the microphone when only the camera fails", async () => {
    const { asked, preview } = previewWithUser();
    const started = preview.start({ camera: "", microphone: "" });
    for (const error of ["NotFoundError", "NotFoundError", undefined]) {
      asked.at(-1)?.answer(error);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await started;
    expect(preview.getCaptures().camera).toEqual({ state: "failed", problem: "missing" });
    expect(preview.getCaptures().microphone.state).toBe("on");
  });

  it("stops a track that arrives after its device was turned off", async () => {
    const { asked, preview } = previewWithUser();
    const started = preview.start({ camera: "" });
    preview.stop("camera");
    const [track] = asked[0]?.answer() ?? [];
    await started;
    expect(track?.isStopped).toBe(true);
    expect(preview.getCaptures().camera.state).toBe("off");
  });

  it("does not ask again for a device that was turned off meanwhile", async () => {
    const { asked, preview } = previewWithUser();
    const started = preview.start({ camera: "", microphone: "" });
    preview.close();
    asked[0]?.answer("NotFoundError");
    await started;
    expect(asked).toHaveLength(1);
    expect(preview.getCaptures()).toEqual({ camera: { state: "off" }, microphone: { state: "off" } });
  });

  it("says when a device was unplugged", async () => {
    const { asked, preview } = previewWithUser();
    const started = preview.start({ camera: "" });
    const [track] = asked[0]?.answer() ?? [];
    await started;
    track?.dispatchEvent(new Event("ended"));
    expect(preview.getCaptures().camera).toEqual({ state: "failed", problem: "unplugged" });
  });

  it("hands its live tracks on and no longer stops them", async () => {
    const { asked, preview } = previewWithUser();
    const started = preview.start({ microphone: "" });
    const [track] = asked[0]?.answer() ?? [];
    await started;
    expect(preview.release()).toEqual({ microphone: track });
    preview.close();
    expect(track?.isStopped).toBe(false);
  });
});
