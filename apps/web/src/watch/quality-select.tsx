import type { RemoteTrack } from "@fairlead/client";
import { useState } from "react";
import { qualityChoices } from "./quality-choices.ts";

/** Nothing for a picture that is sent in one size. The SDK keeps the choice when the broadcast moves or is interrupted. */
export function QualitySelect({ track }: { track: RemoteTrack }) {
  const [chosen, setChosen] = useState("Auto");
  const choices = qualityChoices(track.spatialLayers);
  if (choices.length < 2) return null;
  const choose = (label: string) => {
    const choice = choices.find((one) => one.label === label);
    if (!choice) return;
    setChosen(label);
    // A refusal leaves the choice that holds: the picture itself shows which.
    track.setPreferredLayers(choice.spatialLayer).catch(() => setChosen(chosen));
  };
  return (
    <select
      className="quality-select"
      aria-label="Quality"
      value={chosen}
      onChange={(event) => choose(event.target.value)}
    >
      {choices.map(({ label }) => (
        <option key={label}>{label}</option>
      ))}
    </select>
  );
}
