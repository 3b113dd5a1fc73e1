import { describe, expect, it } from "vitest";
import { TypedEmitter } from "./typed-emitter.ts";

describe("TypedEmitter", () => {
  it("calls the listeners of an event in order, until they are taken off", () => {
    const emitter = new TypedEmitter<{ counted: number }>();
    const seen: string[] = [];
    const off = emitter.on("counted", (n) => void seen.push(`a${n}`));
    emitter.on("counted", (n) => void seen.push(`b${n}`));
    emitter.emit("counted", 1);
    off();
    emitter.emit("counted", 2);
    expect(seen).toEqual(["a1", "b1", "b2"]);
  });

  it("lets a listener take itself off while it is called", () => {
    const emitter = new TypedEmitter<{ counted: number }>();
    const seen: number[] = [];
    const off = emitter.on("counted", (n) => {
      seen.push(n);
      off();
    });
    emitter.on("counted", (n) => void seen.push(-n));
    emitter.emit("counted", 1);
    emitter.emit("counted", 2);
    expect(seen).toEqual([1, -1, -2]);
  });
});
