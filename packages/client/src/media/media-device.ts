import type { Capabilities } from "@fairlead/protocol";
import { Device, type types } from "mediasoup-client";
import type { Admission } from "../connection/admission.ts";

/** The browser's codecs, matched with the cluster's. Loaded anew when the cluster's have changed. */
export class MediaDevice {
  readonly #options: types.DeviceOptions;
  readonly #admission: Admission;
  #device: types.Device | null = null;

  constructor(options: types.DeviceOptions, admission: Admission) {
    this.#options = options;
    this.#admission = admission;
  }

  get current(): types.Device {
    if (!this.#device) throw new Error("used before it was loaded");
    return this.#device;
  }

  /** @throws {Error} mediasoup-client's `UnsupportedError` for a browser without WebRTC. */
  async load(capabilities: Capabilities): Promise<void> {
    const device = await Device.factory(this.#options);
    const { routerRtpCapabilities } = capabilities;
    await device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities });
    this.#device = device;
    this.#admission.setCapabilities(capabilities, device.recvRtpCapabilities);
  }
}
