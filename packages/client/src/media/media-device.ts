import type { Capabilities } from "@fairlead/protocol";
import { Device, type types } from "mediasoup-client";
import type { Admission } from "../connection/admission.ts";

/**
 * By the cluster's capabilities: the page's loaded device. To load one, mediasoup-client makes two peer connections that ask the
 * browser what it can receive and send, which stays the same for the page's life.
 */
const loadedDevices = new Map<string, Promise<types.Device>>();

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

  /** @throws {Error} mediasoup-client's `UnsupportedError` for a browser without WebRTC. */
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
  const loading = loadedDevices.get(key) ?? loadDevice(capabilities, {});
  loadedDevices.set(key, loading);
  loading.catch(() => loadedDevices.delete(key));
  return loading;
}

async function loadDevice(
  { routerRtpCapabilities }: Capabilities,
  options: types.DeviceOptions,
): Promise<types.Device> {
  const device = await Device.factory(options);
  await device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities });
  return device;
}
