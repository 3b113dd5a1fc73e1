import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Visibility } from "./visibility.ts";

type Report = (entries: { target: unknown; isIntersecting: boolean }[]) => void;

let scroll: (isIntersecting: boolean) => void;
let seen: boolean[];
let visibility: Visibility;
const page = { pictureInPictureElement: null as unknown, defaultView: { top: "this window" } };
const video = Object.assign(new EventTarget(), {
  ownerDocument: page as unknown,
  getRootNode: () => video.ownerDocument,
});

beforeEach(() => {
  vi.stubGlobal("top", page.defaultView.top);
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(report: Report) {
        scroll = (isIntersecting) => report([{ target: video, isIntersecting }]);
      }
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  seen = [];
  visibility = new Visibility();
  visibility.watch(video as never, (isVisible) => void seen.push(isVisible));
});
afterEach(() => {
  visibility.close();
  page.pictureInPictureElement = null;
  video.ownerDocument = page;
  vi.unstubAllGlobals();
});

it("a video is out of sight when its tile scrolls away", () => {
  scroll(true);
  scroll(false);
  expect(seen).toEqual([true, false]);
});

it("a video in Picture-in-Picture stays visible when its tile scrolls away, until it leaves", () => {
  page.pictureInPictureElement = video;
  video.dispatchEvent(new Event("enterpictureinpicture"));
  scroll(false);
  page.pictureInPictureElement = null;
  video.dispatchEvent(new Event("leavepictureinpicture"));
  expect(seen).toEqual([true, true, false]);
});

it("a video whose tile is away becomes visible by Picture-in-Picture", () => {
  scroll(false);
  page.pictureInPictureElement = video;
  video.dispatchEvent(new Event("enterpictureinpicture"));
  expect(seen).toEqual([false, true]);
});

it("a video that the app moved into a window of its own is visible", () => {
  video.ownerDocument = { pictureInPictureElement: null, defaultView: { top: "another window" } };
  scroll(false);
  expect(seen).toEqual([true]);
});

it("a video in a frame of this page is out of sight when its tile scrolls away", () => {
  video.ownerDocument = { pictureInPictureElement: null, defaultView: { top: "this window" } };
  scroll(false);
  expect(seen).toEqual([false]);
});

it("nothing is told after the end", () => {
  visibility.close();
  scroll(false);
  video.dispatchEvent(new Event("enterpictureinpicture"));
  expect(seen).toEqual([]);
});
