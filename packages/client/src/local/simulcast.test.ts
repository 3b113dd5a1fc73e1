import { describe, expect, it } from "vitest";
import { chooseEncoding } from "./encodings.ts";
import { TrackSender } from "./track-sender.ts";

const VP8 = { kind: "video", mimeType: "video/VP8", clockRate: 90_000, preferredPayloadType: 96 } as const;
const device = { sendRtpCapabilities: { codecs: [VP8] }, handlerName: "Chrome111" };

type Size = { width: number; height: number };
const videoOf = (size: Partial<Size>) => ({ kind: "video", getSettings: () => size });

/** A producer whose browser takes what it is told. */
function makeSender(size: Partial<Size>) {
  const encodings = [{}, {}, {}] as { active?: boolean; scaleResolutionDownBy?: number }[];
  const told: string[] = [];
  const setParameters = async (given: { encodings: typeof encodings }) => {
    const layers = given.encodings.map(({ active, scaleResolutionDownBy }) =>
      active ? `${scaleResolutionDownBy}` : "-",
    );
    told.push(layers.join(" "));
  };
  const rtpSender = { getParameters: () => ({ encodings: structuredClone(encodings) }), setParameters };
  const producer = {
    closed: false,
    rtpSender,
    track: videoOf(size) as unknown,
    replaceTrack: async ({ track }: { track: unknown }) => {
      producer.track = track;
    },
  };
  const make = (fitsLayers: boolean) => new TrackSender(producer as never, fitsLayers);
  return {
    told,
    make,
    send: (sender: TrackSender, next: Size | null) => sender.send(next && (videoOf(next) as never)),
  };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe("simulcast", () => {
  it.each([
    [{ width: 160, height: 120 }, [1, 1, 1]],
    [{ width: 320, height: 240 }, [1, 1, 1]],
    [{ width: 640, height: 480 }, [2, 1, 1]],
    [{ width: 480, height: 640 }, [2, 1, 1]],
    [{ width: 1280, height: 720 }, [4, 2, 1]],
    [{ width: 720, height: 1280 }, [4, 2, 1]],
    [undefined, [4, 2, 1]],
  ])("of %j negotiates three layers, and the highest that is sent has the full size", (size, scales) => {
    const { encodings = [] } = chooseEncoding("camera", {}, device, size);
    expect(encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual(scales);
  });

  it("of a screen is one layer of the full size, and the app's own encodings stay as they are", () => {
    expect(chooseEncoding("screen", {}, device, { width: 320, height: 240 }).encodings).toEqual([
      { maxBitrate: 2_500_000 },
    ]);
    const encodings = [{ scaleResolutionDownBy: 8 }, { scaleResolutionDownBy: 3 }];
    expect(chooseEncoding("camera", { encodings }, device, { width: 320, height: 240 }).encodings).toEqual(
      encodings,
    );
  });

  it("follows the size on the same producer when the device is switched, and the app is muted", async () => {
    const { told, make, send } = makeSender({ width: 320, height: 240 });
    const sender = make(true);
    sender.checkSize();
    await settle();
    for (const size of [{ width: 1280, height: 720 }, null, { width: 480, height: 640 }]) {
      send(sender, size);
      await settle();
    }
    expect(told).toEqual(["1 - -", "4 2 1", "2 1 -"]);
  });

  it("follows a picture that grows, and tells the browser nothing twice, as when a phone is turned", async () => {
    const size = { width: 480, height: 270 };
    const { told, make } = makeSender(size);
    const sender = make(true);
    for (const next of [{}, { width: 270, height: 480 }, { width: 1920, height: 1080 }, {}]) {
      Object.assign(size, next);
      sender.checkSize();
      sender.checkSize();
      await settle();
    }
    expect(told).toEqual(["2 1 -", "4 2 1"]);
  });

  it("stays as it is while the size is unknown, and with the app's own encodings", async () => {
    const unknown = makeSender({});
    unknown.make(true).checkSize();
    const own = makeSender({ width: 320, height: 240 });
    own.make(false).checkSize();
    await settle();
    expect([...unknown.told, ...own.told]).toEqual([]);
  });
});
