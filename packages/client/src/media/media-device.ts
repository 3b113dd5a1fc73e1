import type { Capabilities } from "@fairlead/protocol";
import { Device, type types } from "mediasoup-client";
import type { Introduction } from "../connection/introduction.ts";

/** The browser's codecs, matched with the cluster's. Loaded anew when the cluster's have changed. */
export class MediaDevice {
  readonly #options: types.DeviceOptions;
  readonly #introduction: Introduction;
  #device: types.Device | null = null;

  constructor(options: types.DeviceOptions, introduction: Introduction) {
    this.#options = options;
    this.#introduction = introduction;
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
    this.#introduction.setCapabilities(capabilities, device.recvRtpCapabilities);
  }
}
