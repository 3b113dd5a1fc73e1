import { EVERY_SOURCE, type Grants } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { useMeetings } from "../support/use-meetings.ts";
import { findWorkerByPort } from "../support/worker-processes.ts";

const GRANTS: Grants = { publish: [...EVERY_SOURCE], subscribe: true, data: false, moderate: true };
/** A worker's death takes 1 to 3 s; the rest is for a busy machine. */
const MOVED = { timeout: 20_000 };

// Of Chromium's three, the second has grey pictures of 16 bits, which WebRTC does not send.
const meetings = useMeetings({
  chromium: { camera: "any", args: ["--use-fake-device-for-media-stream=device-count=3,fps=15"] },
});

/** A tab in which each of `identities` is a peer, in this order. */
async function tabWith(identities: string[], choice = {}, room = meetings.room): Promise<SdkPage> {
  const tab = await SdkPage.open(meetings.context);
  for (const identity of identities) await enter(tab, identity, choice, room);
  return tab;
}

async function enter(tab: SdkPage, identity: string, choice = {}, room = meetings.room): Promise<void> {
  const { ticket } = await meetings.server.ticket(room, { identity, grants: GRANTS });
  await tab.enter(meetings.server.url, ticket, choice);
}

/** Kills the worker that has the tab's media. Resolves when each of its peers has moved. */
async function moveRoom(tab: SdkPage): Promise<void> {
  const moves = async () => (await tab.facts()).map((facts) => facts.moves.length);
  const before = await moves();
  const [port] = (await tab.media()).remotePorts;
  if (port === undefined) throw new Error("no candidate pair in use");
  process.kill(findWorkerByPort(meetings.server.pid, port), "SIGKILL");
  await expect.poll(moves, MOVED).toEqual(before.map((count) => count + 1));
}

/** Holds once some more frames have been decoded. */
async function expectPicture(tab: SdkPage): Promise<void> {
  const frames = async () =>
    (await tab.media()).received.reduce((sum, { framesDecoded }) => sum + framesDecoded, 0);
  // A connection that was closed counts no more.
  let before = await frames();
  await expect
    .poll(
      async () => {
        const now = await frames();
        before = Math.min(before, now);
        return now - before;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(10);
}

/** How many tracks were heard within 2.5 s. */
async function heard(tab: SdkPage): Promise<number> {
  const before = (await tab.media()).received;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const { received } = await tab.media();
  return received.filter((track) => {
    const old = before.find(({ connection, id }) => connection === track.connection && id === track.id);
    const energy = track.energy - (old?.energy ?? 0);
    return track.kind === "audio" && energy / (track.durationS - (old?.durationS ?? 0)) > 0.001 ** 2;
  }).length;
}

/** Of the first peer's camera: how it stands, and whether the last peer sees it as muted. */
function cameraOf(tab: SdkPage) {
  return tab.page.evaluate(() => {
    const [first] = window.sdk.rooms();
    const camera = first?.local.get("camera");
    const seen = window.sdk.rooms().at(-1)?.peers.values().next().value?.publications.get("camera");
    const { width, height } = camera?.mediaStreamTrack.getSettings() ?? {};
    return {
      isMuted: camera?.isMuted,
      isSeenMuted: seen?.isMuted,
      size: `${width}x${height}`,
      live: window.sdk.devices.live,
      asked: window.sdk.devices.asked,
    };
  });
}

/** How many packets of the first peer's screen have come to the second peer at its present place. */
function screenPackets(tab: SdkPage): Promise<number> {
  return tab.page.evaluate(async () => {
    const room = window.sdk.rooms()[1];
    const screen = room?.peers.values().next().value?.tracks.get("screen")?.mediaStreamTrack;
    const stats = [...((await room?.getStats())?.receive.values() ?? [])];
    const own = stats.find((one) => one.type === "inbound-rtp" && one.trackIdentifier === screen?.id);
    return own?.packetsReceived ?? 0;
  });
}

describe("a camera that its user has muted", () => {
  it("is closed, through a move too; unmuted, it is seen again", async () => {
    const tab = await tabWith(["ada", "ben"]);
    await tab.page.evaluate(() =>
      window.sdk.rooms()[0]?.publishCamera({ constraints: { width: 640, height: 480 } }),
    );
    await expectPicture(tab);
    expect(await cameraOf(tab)).toMatchObject({ isMuted: false, live: ["video"], size: "640x480" });

    await tab.page.evaluate(() => window.sdk.rooms()[0]?.local.get("camera")?.mute());
    const muted = { isMuted: true, isSeenMuted: true, live: [], asked: 1, size: "640x480" };
    await expect.poll(() => cameraOf(tab)).toEqual(muted);
    await moveRoom(tab);
    await expect.poll(() => cameraOf(tab)).toEqual(muted);

    await tab.page.evaluate(() => window.sdk.rooms()[0]?.local.get("camera")?.unmute());
    await expectPicture(tab);
    const seen = { isMuted: false, isSeenMuted: false, live: ["video"], asked: 2, size: "640x480" };
    await expect.poll(() => cameraOf(tab)).toEqual(seen);
    await tab.leave();
    expect(await tab.page.evaluate(() => window.sdk.devices.live)).toEqual([]);
  });

  it("is not asked for when it is published so, but when it is unmuted", async () => {
    const tab = await tabWith(["ada", "ben"]);
    await tab.page.evaluate(() => window.sdk.rooms()[0]?.publishCamera({ muted: true }));
    const muted = { isMuted: true, isSeenMuted: true, live: [], asked: 0, size: "1280x720" };
    await expect.poll(() => cameraOf(tab)).toEqual(muted);
    await tab.page.evaluate(() => window.sdk.rooms()[0]?.local.get("camera")?.unmute());
    await expectPicture(tab);
    expect(await cameraOf(tab)).toMatchObject({ isMuted: false, live: ["video"], asked: 1 });
  });

  it("stays closed when a late answer comes: leaving and switching, publishing and unpublishing", async () => {
    const tab = await tabWith(["ada"]);
    const live = await tab.page.evaluate(async () => {
      const [room] = window.sdk.rooms();
      if (!room) throw new Error("not joined");
      const publishing = room.publishCamera().catch(() => {});
      await room.unpublish("camera");
      await publishing;
      const camera = await room.publishCamera();
      const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(
        ({ kind }) => kind === "videoinput",
      );
      const switching = camera.switchDevice(cameras[0]?.deviceId ?? "");
      await room.leave();
      await switching;
      return window.sdk.devices.live;
    });
    expect(live).toEqual([]);
    expect(await tab.page.evaluate(() => window.sdk.devices.asked)).toBe(3);
  });
});

describe("a phone that opens one camera at a time", () => {
  it("switches to the other one, and goes back where another can not be opened", async () => {
    const tab = await tabWith(["ada", "ben"]);
    const cameras = await tab.page.evaluate(async () => {
      const devices = navigator.mediaDevices;
      const ask = devices.getUserMedia.bind(devices);
      let open: MediaStreamTrack | undefined;
      devices.getUserMedia = async (wanted) => {
        if (open?.readyState === "live") throw new DOMException("another camera is open", "NotReadableError");
        const stream = await ask(wanted);
        [open] = stream.getVideoTracks();
        return stream;
      };
      const found = (await devices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
      const deviceIds = found.map(({ deviceId }) => deviceId);
      const constraints = { width: 320, height: 240 };
      await window.sdk.rooms()[0]?.publishCamera({ deviceId: deviceIds[0] ?? "", constraints });
      return deviceIds;
    });
    const present = () =>
      tab.page.evaluate(() => {
        const track = window.sdk.rooms()[0]?.local.get("camera")?.mediaStreamTrack;
        return [track?.getSettings().deviceId, track?.readyState, ...window.sdk.devices.live];
      });
    const switchTo = (deviceId = "") =>
      tab.page.evaluate(
        (id) =>
          window.sdk
            .rooms()[0]
            ?.local.get("camera")
            ?.switchDevice(id)
            .then(
              () => "switched",
              ({ name }) => name,
            ),
        deviceId,
      );
    await expectPicture(tab);
    expect(await present()).toEqual([cameras[0], "live", "video"]);
    expect(await switchTo(cameras[2])).toBe("switched");
    expect(await present()).toEqual([cameras[2], "live", "video"]);
    await expectPicture(tab);
    expect(await switchTo("a camera that is not there")).toBe("OverconstrainedError");
    expect(await present()).toEqual([cameras[2], "live", "video"]);
    await expectPicture(tab);
  });
});

describe("a microphone that the app has disabled", () => {
  it("counts as muted and is not heard, before and after a move", async () => {
    const tab = await tabWith(["ada", "ben"]);
    const isMuted = () =>
      tab.page.evaluate(() => {
        const [ada, ben] = window.sdk.rooms();
        const microphone = ada?.local.get("microphone");
        const seen = ben?.peers.values().next().value?.publications.get("microphone");
        return [microphone?.isMuted, microphone?.mediaStreamTrack.enabled, seen?.isMuted];
      });
    await tab.page.evaluate(async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const [track] = stream.getAudioTracks();
      if (!track) throw new Error("no microphone");
      track.enabled = false;
      await window.sdk.rooms()[0]?.publishTrack(track, "microphone");
    });
    await expect.poll(isMuted).toEqual([true, false, true]);
    expect(await heard(tab)).toBe(0);
    await tab.page.evaluate(() => window.sdk.rooms()[0]?.local.get("microphone")?.unmute());
    await expect.poll(isMuted).toEqual([false, true, false]);
    await expect.poll(() => heard(tab), { timeout: 20_000 }).toBe(1);

    await tab.page.evaluate(() => {
      const microphone = window.sdk.rooms()[0]?.local.get("microphone");
      if (microphone) microphone.mediaStreamTrack.enabled = false;
    });
    await expect.poll(isMuted).toEqual([true, false, true]);
    await moveRoom(tab);
    await expect.poll(isMuted).toEqual([true, false, true]);
    expect(await heard(tab)).toBe(0);
  });
});

describe("one microphone of the app's in two rooms", () => {
  it("that is muted in one is still heard in the other", async () => {
    const tab = await tabWith(["ada", "ben"]);
    for (const identity of ["ada", "cleo"]) await enter(tab, identity, {}, `${meetings.room}-other`);
    await tab.page.evaluate(async () => {
      const [track] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
      const [here, , there] = window.sdk.rooms();
      if (!track) throw new Error("no microphone");
      await Promise.all([here?.publishTrack(track, "microphone"), there?.publishTrack(track, "microphone")]);
    });
    await expect.poll(() => heard(tab), { timeout: 20_000 }).toBe(2);
    await tab.page.evaluate(() => window.sdk.rooms()[0]?.local.get("microphone")?.mute());
    await expect.poll(() => heard(tab), { timeout: 20_000 }).toBe(1);
    const states = await tab.page.evaluate(() =>
      [0, 2].map((index) => {
        const microphone = window.sdk.rooms()[index]?.local.get("microphone");
        return [microphone?.isMuted, microphone?.mediaStreamTrack.enabled];
      }),
    );
    expect(states).toEqual([
      [true, true],
      [false, true],
    ]);
  });
});

describe("a shared screen", () => {
  it("is asked for once by two calls, and its sound ends with its picture", async () => {
    const tab = await tabWith(["ada"]);
    const outcome = await tab.page.evaluate(async () => {
      const [room] = window.sdk.rooms();
      if (!room) throw new Error("not joined");
      const [first, second] = await Promise.all([room.publishScreen(), room.publishScreen()]);
      const shared = [...room.local.keys()];
      await room.unpublish("screen");
      const left = [...room.local.keys()];
      const states = first?.map(({ mediaStreamTrack }) => mediaStreamTrack.readyState);
      await room.publishScreen();
      const again = [...room.local.keys()];
      return {
        same: first?.[0] === second?.[0],
        shared,
        left,
        states,
        again,
        asked: window.sdk.devices.asked,
        live: window.sdk.devices.live.length,
      };
    });
    const both = ["screen", "screen_audio"];
    expect(outcome).toEqual({
      same: true,
      shared: both,
      left: [],
      states: ["ended", "ended"],
      again: both,
      asked: 2,
      live: 2,
    });
  });
});

describe("a drawn picture that is published as a camera", () => {
  it("arrives in its full size, small or portrait, from one producer", async () => {
    const tab = await tabWith(["ada", "ben"]);
    await tab.page.evaluate(async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
      const draw = () => {
        const context = canvas.getContext("2d");
        if (context) context.fillStyle = `hsl(${performance.now() % 360} 90% 50%)`;
        context?.fillRect(0, 0, canvas.width, canvas.height);
      };
      setInterval(draw, 100);
      draw();
      Object.assign(globalThis, { canvas });
      const [track] = canvas.captureStream(10).getVideoTracks();
      if (track) await window.sdk.rooms()[0]?.publishTrack(track, "camera");
    });
    const seen = () =>
      tab.page.evaluate(() => {
        const track = window.sdk.rooms()[1]?.peers.values().next().value?.tracks.get("camera");
        const { width, height } = track?.mediaStreamTrack.getSettings() ?? {};
        return { size: `${width}x${height}`, producerId: track?.producerId };
      });
    const size = async () => (await seen()).size;
    await expect.poll(size, { timeout: 20_000 }).toBe("320x240");
    const { producerId } = await seen();
    await tab.page.evaluate(
      () => void Object.assign(Reflect.get(globalThis, "canvas"), { width: 480, height: 640 }),
    );
    await expect.poll(size, { timeout: 20_000 }).toBe("480x640");
    expect((await seen()).producerId).toBe(producerId);
  });
});

describe("what the app asked for", () => {
  it("holds after a move: layers stay small, an unsubscribed microphone stays away, an unseen screen is not sent", async () => {
    const tab = await tabWith(["ada", "ben"]);
    await tab.page.evaluate(async () => {
      const [ada] = window.sdk.rooms();
      await ada?.publishCamera({ constraints: { width: 640, height: 480 } });
      await ada?.publishMicrophone();
      await ada?.publishScreen({ audio: false });
    });
    const seen = () =>
      tab.page.evaluate(() => {
        const peer = window.sdk.rooms()[1]?.peers.values().next().value;
        return {
          width: peer?.tracks.get("camera")?.mediaStreamTrack.getSettings().width,
          tracks: [...(peer?.tracks.keys() ?? [])].sort(),
          offered: peer?.publications.size,
        };
      });
    const all = ["camera", "microphone", "screen"];
    await expect.poll(seen, { timeout: 20_000 }).toMatchObject({ tracks: all });
    // The larger layer has 640, or what a busy machine makes of that.
    await expect.poll(async () => (await seen()).width, { timeout: 20_000 }).toBeGreaterThan(320);
    await tab.page.evaluate(async () => {
      const ben = window.sdk.rooms()[1];
      const peer = ben?.peers.values().next().value;
      await peer?.tracks.get("camera")?.setPreferredLayers(0);
      peer?.tracks.get("screen")?.setVisible(false);
      await ben?.unsubscribe([peer?.publications.get("microphone")?.producerId ?? ""]);
    });
    const small = { width: 320, tracks: ["camera", "screen"], offered: 3 };
    await expect.poll(seen, { timeout: 20_000 }).toEqual(small);
    await moveRoom(tab);
    await expectPicture(tab);
    await expect.poll(seen, { timeout: 20_000 }).toEqual(small);
    // Long enough for a larger layer to come.
    await expectPicture(tab);
    await expectPicture(tab);
    expect(await seen()).toEqual(small);
    expect(await screenPackets(tab)).toBe(0);
    await tab.page.evaluate(() =>
      window.sdk.rooms()[1]?.peers.values().next().value?.tracks.get("screen")?.setVisible(undefined),
    );
    await expect.poll(() => screenPackets(tab), { timeout: 20_000 }).toBeGreaterThan(0);
  });

  it("holds after a move with autoSubscribe: false", async () => {
    const tab = await tabWith(["ada", "ben"], { autoSubscribe: false });
    await tab.page.evaluate(async () => {
      const [ada] = window.sdk.rooms();
      await ada?.publishCamera({ constraints: { width: 320, height: 240 } });
      await ada?.publishMicrophone();
    });
    const tracks = () =>
      tab.page.evaluate(() => [...(window.sdk.rooms()[1]?.peers.values().next().value?.tracks.keys() ?? [])]);
    const offered = () =>
      tab.page.evaluate(() => window.sdk.rooms()[1]?.peers.values().next().value?.publications.size);
    await expect.poll(offered).toBe(2);
    await tab.page.evaluate(() => {
      const ben = window.sdk.rooms()[1];
      const camera = ben?.peers.values().next().value?.publications.get("camera");
      return ben?.subscribe([camera?.producerId ?? ""]);
    });
    await expectPicture(tab);
    await moveRoom(tab);
    await expectPicture(tab);
    expect(await tracks()).toEqual(["camera"]);
  });
});
