import type { Source } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { PublishOptions, VideoCodec } from "../api/options.ts";
import { layerCount, layerSettings } from "./simulcast-layers.ts";
import type { PictureSize } from "./stand-in.ts";

const HD: PictureSize = { width: 1280, height: 720 };

/** For about 320×180, 640×360 and 1280×720. Lowest layer first; mediasoup-client names them. */
const CAMERA_SIMULCAST: types.RtpEncodingParameters[] = [
  { maxBitrate: 150_000, scalabilityMode: "L1T3" },
  { maxBitrate: 500_000, scalabilityMode: "L1T3" },
  { maxBitrate: 1_700_000, scalabilityMode: "L1T3" },
];
const CAMERA_SVC: types.RtpEncodingParameters[] = [{ maxBitrate: 1_700_000, scalabilityMode: "L3T3_KEY" }];
const CAMERA_SINGLE: types.RtpEncodingParameters[] = [{ maxBitrate: 1_700_000 }];
const SCREEN: types.RtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];

/** Speech: mono, silence not sent, losses repaired in-band. */
const SPEECH: types.ProducerCodecOptions = { opusStereo: false, opusDtx: true, opusFec: true };
/** Shared sound may be music: stereo, and no gaps. */
const MUSIC: types.ProducerCodecOptions = {
  opusStereo: true,
  opusDtx: false,
  opusFec: true,
  opusMaxAverageBitrate: 128_000,
};

export type Encoding = Pick<types.ProducerOptions, "codec" | "encodings" | "codecOptions">;

/** How `source` is encoded, by `options`, what `device` can send, and the picture's size, if it is known. */
export function chooseEncoding(
  source: Source,
  options: PublishOptions,
  device: Pick<types.Device, "sendRtpCapabilities" | "handlerName">,
  size: PictureSize = HD,
): Encoding {
  if (source === "microphone" || source === "screen_audio") {
    return { codecOptions: source === "microphone" ? SPEECH : MUSIC };
  }
  const codecs = device.sendRtpCapabilities.codecs ?? [];
  const codec = options.codec && codecs.find(({ mimeType }) => isCodec(mimeType, options.codec));
  const videoCodec = codec ?? codecs.find(({ kind, mimeType }) => kind === "video" && !/rtx/i.test(mimeType));
  return {
    ...(codec ? { codec } : {}),
    encodings:
      options.encodings?.map((encoding) => ({ ...encoding })) ??
      fitted(videoEncodings(source, options, videoCodec?.mimeType, device.handlerName), size),
    codecOptions: { videoGoogleStartBitrate: 1_000 },
  };
}

/** All layers are negotiated, whatever the size: `TrackSender` switches off those that the present size does not carry. */
function fitted(encodings: types.RtpEncodingParameters[], size: PictureSize): types.RtpEncodingParameters[] {
  if (encodings.length === 1) return encodings;
  const count = layerCount(size, encodings.length);
  return encodings.map((encoding, index) => {
    const { scaleResolutionDownBy } = layerSettings(index, count);
    return { ...encoding, scaleResolutionDownBy };
  });
}

function videoEncodings(
  source: Source,
  { simulcast = true }: PublishOptions,
  mimeType: string | undefined,
  handlerName: string,
): types.RtpEncodingParameters[] {
  if (source === "screen") return SCREEN.map((encoding) => ({ ...encoding }));
  if (!simulcast) return CAMERA_SINGLE.map((encoding) => ({ ...encoding }));
  const isFirefox = handlerName.startsWith("Firefox");
  // Firefox has no SVC: it refuses or ignores scalabilityMode.
  if (isSvc(mimeType))
    return isFirefox ? CAMERA_SINGLE.map((e) => ({ ...e })) : CAMERA_SVC.map((e) => ({ ...e }));
  return CAMERA_SIMULCAST.map(({ scalabilityMode, ...encoding }) =>
    isFirefox ? encoding : { ...encoding, scalabilityMode },
  );
}

function isSvc(mimeType: string | undefined): boolean {
  return isCodec(mimeType, "vp9") || isCodec(mimeType, "av1");
}

function isCodec(mimeType: string | undefined, codec: VideoCodec | undefined): boolean {
  return mimeType?.toLowerCase() === `video/${codec}`;
}
