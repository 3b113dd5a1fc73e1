import type { CSSProperties } from "react";
import { hueOf, initialsOf } from "./initials.ts";

export function Avatar({ name }: { name: string }) {
  return (
    <div className="avatar" style={{ "--hue": hueOf(name) } as CSSProperties} aria-hidden="true">
      {initialsOf(name)}
    </div>
  );
}
