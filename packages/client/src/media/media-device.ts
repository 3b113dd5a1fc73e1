import { type Capabilities, FairleadError } from "@fairlead/protocol";
import { Device, detectDevice, detectDeviceAsync, type types } from "mediasoup-client";
import { Chrome74 } from "mediasoup-client/handlers/Chrome74";
import { Chrome111 } from "mediasoup-client/handlers/Chrome111";
import { Firefox120 } from "mediasoup-client/handlers/Firefox120";
import { Safari12 } from "mediasoup-client/handlers/Safari12";
import type { Admission } from "../connection/admission.ts";
import { probeOnce } from "./probe-once.ts";

const HANDLERS = { Chrome111, Chrome74, Firefox120, Safari12 };

/** What this browser can stays the same for the page's life. */
const probed: { [name in keyof typeof HANDLERS]?: types.HandlerFactory } = {};
/** By the cluster's capabilities: the page's loaded device. */
const loadedDevices = new Map<string, Promise<types.Device>>();

/** @returns Whether this browser has WebRTC, and is one that the SDK knows. False outside of a browser. */
export function isSupported(): boolean {
  return typeof RTCPeerConnection !== "undefined" && detectDevice() !== undefined;
}

export function unsupported(cause?: Error): FairleadError {
  return new FairleadError("webrtc_unsupported", {
    message: "this browser has no WebRTC, or it is switched off",
    cause,
  });
}

/** The browser's codecs, matched with the cluster's. Loaded anew when the cluster's have changed. */
export class MediaDevice {
  readonly #options: types.DeviceOptions | undefined;
  readonly #admission: Admission;
  #device: types.Device | null = null;

  /** @param options The caller's own handler gets a device of its own; undefined: the page's device, shared by its rooms. */
  constructor(options: types.DeviceOptions | undefined, admission: Admission) {
    this.#options = options;
    this.#admission = admission;
  }

  get current(): types.Device {
    if (!this.#device) throw new Error("used before it was loaded");
    return this.#device;
  }

  /** @throws {FairleadError} `webrtc_unsupported`. */
  async load(capabilities: Capabilities): Promise<void> {
    const device = await (this.#options
      ? loadDevice(capabilities, this.#options)
      : loadPageDevice(capabilities));
    this.#device = device;
    this.#admission.setCapabilities(capabilities, device.recvRtpCapabilities);
  }
}

/** A failure is not kept: the next join tries again. */
function loadPageDevice(capabilities: Capabilities): Promise<types.Device> {
  const key = JSON.stringify(capabilities.routerRtpCapabilities);
  const loading = loadedDevices.get(key) ?? browserOptions().then((own) => loadDevice(capabilities, own));
  loadedDevices.set(key, loading);
  loading.catch(() => loadedDevices.delete(key));
  return loading;
}

/** @returns No options for a browser that mediasoup-client has to find out about, or does not know. */
async function browserOptions(): Promise<types.DeviceOptions> {
  const name = await detectDeviceAsync();
  if (!name || name === "ReactNative106") return {};
  const handlerFactory = probed[name] ?? probeOnce(HANDLERS[name].createFactory({}));
  probed[name] = handlerFactory;
  return { handlerFactory };
}

async function loadDevice(
  { routerRtpCapabilities }: Capabilities,
  options: types.DeviceOptions,
): Promise<types.Device> {
  const device = await Device.factory(options).catch((error: Error) => {
    throw error.name === "UnsupportedError" ? unsupported(error) : error;
  });
  await device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities });
  return device;
}
