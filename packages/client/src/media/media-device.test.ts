import { Device, FakeHandler, testFakeParameters } from "mediasoup-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Admission } from "../connection/admission.ts";
import { CAPABILITIES } from "../testing/scripted-signaling.ts";
import { MediaDevice } from "./media-device.ts";

const handlerFactory = FakeHandler.createFactory(testFakeParameters);
const probe = vi.fn(handlerFactory.getNativeRtpCapabilities);
handlerFactory.getNativeRtpCapabilities = probe;
/** A browser for which mediasoup-client finds the handler by itself. */
const factory = Device.factory.bind(Device);
beforeEach(() => {
  probe.mockClear();
  vi.spyOn(Device, "factory").mockImplementation((options) => factory({ handlerFactory, ...options }));
});
const capabilities = (version: string) => ({
  ...CAPABILITIES,
  routerRtpCapabilities: { ...CAPABILITIES.routerRtpCapabilities, version } as never,
});

afterEach(() => void vi.restoreAllMocks());

function newDevice(): MediaDevice {
  return new MediaDevice(undefined, new Admission({ ticket: "ticket-of-the-test", autoSubscribe: true }));
}

it("a page asks the browser once what it can, however many rooms it joins, at once or later", async () => {
  const rooms = [newDevice(), newDevice(), newDevice()];
  await Promise.all(rooms.slice(0, 2).map((device) => device.load(capabilities("a"))));
  await rooms[2]?.load(capabilities("a"));
  expect(probe.mock.calls).toEqual([[{ direction: "recvonly" }], [{ direction: "sendonly" }]]);
  expect(new Set(rooms.map(({ current }) => current)).size).toBe(1);
});

it("a probe that failed is made again by the next join", async () => {
  probe.mockRejectedValueOnce(new Error("no more peer connections"));
  await expect(newDevice().load(capabilities("b"))).rejects.toThrow("no more peer connections");
  const device = newDevice();
  await device.load(capabilities("b"));
  expect(device.current.loaded).toBe(true);
});

it("a caller's own handler gets a device of its own", async () => {
  const admission = new Admission({ ticket: "ticket-of-the-test", autoSubscribe: true });
  const rooms = [
    new MediaDevice({ handlerFactory }, admission),
    new MediaDevice({ handlerFactory }, admission),
  ];
  for (const device of rooms) await device.load(capabilities("c"));
  expect(rooms[0]?.current).not.toBe(rooms[1]?.current);
});
