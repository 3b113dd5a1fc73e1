import { expect, it } from "vitest";
import { pageOf } from "./page.ts";

it.each([
  ["/", { page: "meeting" }],
  ["/studio", { page: "studio" }],
  ["/studio/", { page: "studio" }],
  ["/watch/launch-1", { page: "watch", broadcastId: "launch-1" }],
  ["/watch/launch-1/", { page: "watch", broadcastId: "launch-1" }],
  ["/watch/", { page: "meeting" }],
  ["/watch/a.b", { page: "meeting" }],
])("%s is the page %j", (path, page) => {
  expect(pageOf(path)).toEqual(page);
});
