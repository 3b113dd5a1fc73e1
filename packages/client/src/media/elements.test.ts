import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newElement, TrackList } from "../testing/media-elements.ts";
import { Elements } from "./elements.ts";

const trackOf = (kind: "audio" | "video") => ({ kind }) as MediaStreamTrack;

beforeEach(() => void vi.stubGlobal("MediaStream", TrackList));
afterEach(() => void vi.unstubAllGlobals());

describe("Elements", () => {
  it("gives back, once, the elements that it emptied", () => {
    const elements = new Elements();
    const video = trackOf("video");
    const shown = [elements.add(video, newElement()), elements.add(video, newElement())];
    expect(elements.remove(video)).toEqual(shown);
    expect(shown.map(({ srcObject }) => srcObject)).toEqual([null, null]);
    expect(elements.remove(video)).toEqual([]);
  });

  it("leaves an element that plays another track too in its place", () => {
    const [camera, microphone] = [new Elements(), new Elements()];
    const [video, audio] = [trackOf("video"), trackOf("audio")];
    const element = camera.add(video, newElement());
    microphone.add(audio, element);
    expect(camera.remove(video)).toEqual([]);
    expect((element.srcObject as MediaStream).getTracks()).toEqual([audio]);
    expect(microphone.remove(audio)).toEqual([element]);
  });

  it("does not touch an element that never showed the track", () => {
    const [camera, screen] = [new Elements(), new Elements()];
    const element = camera.add(trackOf("video"), newElement());
    const before = element.srcObject;
    expect(screen.remove(trackOf("video"), element)).toEqual([]);
    expect(element.srcObject).toBe(before);
  });

  it("has sound beside a picture heard through the helper from the swap until the element plays, unless that is muted or paused", () => {
    const [camera, microphone] = [new Elements(), new Elements()];
    const [video, audio] = [trackOf("video"), trackOf("audio")];
    const [silent, paused] = [{ muted: true }, { paused: true }].map((state) =>
      Object.assign(newElement(), state),
    );
    const [element, alone] = [newElement(), newElement()];
    const others = [silent, paused].filter((one) => one !== undefined);
    for (const one of [element, ...others]) camera.add(video, one);
    for (const one of [element, ...others, alone]) microphone.add(audio, one);
    element.volume = 0.5;
    const helper = Object.assign(newElement(), { muted: true });
    microphone.replace(audio, trackOf("audio"), helper);
    expect([helper.muted, helper.volume]).toEqual([false, 0.5]);
    element.dispatchEvent(new Event("playing"));
    expect(helper.muted).toBe(true);
    camera.remove(video, element);
    microphone.replace(audio, trackOf("audio"), helper);
    expect(helper.muted).toBe(true);
  });
});
